import type { MediaStream } from './media-stream.ts'
import { arnInRegion } from './region.ts'
import type { StreamStatus } from './stream-transitions.ts'

/** A stream as DescribeStream and ListStreams describe it in a region. */
export function streamInfo(
  stream: MediaStream,
  status: StreamStatus,
  region: string,
): Record<string, unknown> {
  const description = stream.metadata.current
  return {
    DeviceName: description.deviceName,
    StreamName: description.name,
    StreamARN: stream.arnIn(region),
    MediaType: description.mediaType,
    KmsKeyId: stream.region === undefined ? arnInRegion(description.kmsKeyId, region) : description.kmsKeyId,
    Version: description.version,
    Status: status,
    CreationTime: description.createdMs / 1000,
    DataRetentionInHours: description.dataRetentionInHours,
    // The service sends it, though its model does not have it.
    IngestionConfiguration: null,
  }
}
