import type { MediaStream } from './media-stream.ts'
import type { StreamStatus } from './stream-transitions.ts'

/** A stream as DescribeStream and ListStreams tell of it. */
export function streamInfo(stream: MediaStream, status: StreamStatus): Record<string, unknown> {
  const description = stream.metadata.current
  return {
    DeviceName: description.deviceName,
    StreamName: description.name,
    StreamARN: description.arn,
    MediaType: description.mediaType,
    KmsKeyId: description.kmsKeyId,
    Version: description.version,
    Status: status,
    CreationTime: description.createdMs / 1000,
    DataRetentionInHours: description.dataRetentionInHours,
    // The service sends it, though its model does not have it.
    IngestionConfiguration: null,
  }
}
