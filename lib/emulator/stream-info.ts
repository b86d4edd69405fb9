import type { MediaStream } from './media-stream.ts'

/** A stream as DescribeStream and ListStreams tell of it (facts 1.6). */
export function streamInfo(stream: MediaStream, region: string, accountId: string): Record<string, unknown> {
  return {
    DeviceName: stream.deviceName,
    StreamName: stream.name,
    StreamARN: stream.arn,
    MediaType: stream.mediaType,
    KmsKeyId: `arn:aws:kms:${region}:${accountId}:alias/aws/kinesisvideo`,
    Version: stream.version,
    Status: 'ACTIVE',
    CreationTime: stream.createdMs / 1000,
    DataRetentionInHours: stream.dataRetentionInHours,
  }
}
