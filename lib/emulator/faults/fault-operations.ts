/** The operations that are about one stream: a fault can refuse each of them. */
export const FAULT_OPERATIONS = [
  'GetMedia',
  'PutMedia',
  'GetMediaForFragmentList',
  'ListFragments',
  'GetDataEndpoint',
  'CreateStream',
  'DescribeStream',
  'UpdateStream',
  'DeleteStream',
  'UpdateDataRetention',
  'TagStream',
  'UntagStream',
  'ListTagsForStream',
  'TagResource',
  'UntagResource',
  'ListTagsForResource',
  'DescribeStreamStorageConfiguration',
  'UpdateStreamStorageConfiguration',
] as const

/** An operation that can go wrong as planned. */
export type FaultOperation = (typeof FAULT_OPERATIONS)[number]

/** Operations whose response, or request, is a stream that can break. */
export const STREAMING_OPERATIONS = ['GetMedia', 'PutMedia', 'GetMediaForFragmentList'] as const

/** Operations that are called at the endpoint which GetDataEndpoint gives. */
export const DATA_OPERATIONS = [...STREAMING_OPERATIONS, 'ListFragments'] as const
