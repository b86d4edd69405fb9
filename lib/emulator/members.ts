/** Members that several operations share (facts 1.6 and 3). */

/** A stream's name. */
export const STREAM_NAME = {
  type: 'string',
  minLength: 1,
  maxLength: 256,
  pattern: /[a-zA-Z0-9_.-]+/,
} as const

/** A stream's ARN; where a request holds both, the service takes this. */
export const STREAM_ARN = {
  type: 'string',
  minLength: 1,
  maxLength: 1024,
  pattern: /arn:[a-z\d-]+:kinesisvideo:[a-z0-9-]+:[0-9]+:[a-z]+\/[a-zA-Z0-9_.-]+\/[0-9]+/,
} as const

/** A fragment's number, in decimal digits. */
export const FRAGMENT_NUMBER = { type: 'string', minLength: 1, maxLength: 128, pattern: /[0-9]+/ } as const

/** Where to go on after a page or a session. */
export const CONTINUATION_TOKEN = {
  type: 'string',
  minLength: 1,
  maxLength: 128,
  pattern: /[a-zA-Z0-9_.-]+/,
} as const

/** How a request names its stream. */
export const STREAM_MEMBERS = { StreamName: STREAM_NAME, StreamARN: STREAM_ARN } as const

/** One of the two names of a stream must be there. */
export const ONE_STREAM = ['StreamName', 'StreamARN'] as const

/** How a request names its stream, as a type. */
export type StreamReference = { readonly StreamName?: string; readonly StreamARN?: string }
