import { createStream } from './create-stream.ts'
import { deleteStream } from './delete-stream.ts'
import { describeStream } from './describe-stream.ts'
import { describeStreamStorageConfiguration } from './describe-stream-storage-configuration.ts'
import { getDataEndpoint } from './get-data-endpoint.ts'
import { getMedia } from './get-media.ts'
import { getMediaForFragmentList } from './get-media-for-fragment-list.ts'
import { listFragments } from './list-fragments.ts'
import { listStreams } from './list-streams.ts'
import { listTagsForResource } from './list-tags-for-resource.ts'
import { listTagsForStream } from './list-tags-for-stream.ts'
import type { Operation } from './operation.ts'
import { putMedia } from './put-media.ts'
import { tagResource } from './tag-resource.ts'
import { tagStream } from './tag-stream.ts'
import { untagResource } from './untag-resource.ts'
import { untagStream } from './untag-stream.ts'
import { updateDataRetention } from './update-data-retention.ts'
import { updateStream } from './update-stream.ts'
import { updateStreamStorageConfiguration } from './update-stream-storage-configuration.ts'

const ALL: readonly Operation[] = [
  createStream,
  deleteStream,
  describeStream,
  describeStreamStorageConfiguration,
  getDataEndpoint,
  getMedia,
  getMediaForFragmentList,
  listFragments,
  listStreams,
  listTagsForResource,
  listTagsForStream,
  putMedia,
  tagResource,
  tagStream,
  untagResource,
  untagStream,
  updateDataRetention,
  updateStream,
  updateStreamStorageConfiguration,
]

/** Every operation that the emulator has, by its path. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  ALL.map(operation => [operation.path, operation]),
)
