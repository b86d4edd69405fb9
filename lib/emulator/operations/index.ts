import type { Operation } from '../operation.ts'
import { describeStream } from './describe-stream.ts'
import { getDataEndpoint } from './get-data-endpoint.ts'
import { getMedia } from './get-media.ts'
import { listStreams } from './list-streams.ts'

/** Every operation that the emulator has, by its path. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  [describeStream, getDataEndpoint, getMedia, listStreams].map(operation => [operation.path, operation]),
)
