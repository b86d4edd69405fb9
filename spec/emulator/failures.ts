import * as sdk from '@aws-sdk/client-kinesis-video'

/** What the official client says of a failed call. */
export type Failure = {
  readonly name: string
  readonly status: number | undefined
  /** Whether the error is of the class that the client has for that name. */
  readonly isKnown: boolean
  readonly requestId: string | undefined
}

/** Sends a command; `undefined` where that goes well. */
export async function failureOf(
  client: sdk.KinesisVideoClient,
  command: unknown,
): Promise<Failure | undefined> {
  try {
    await client.send(command as sdk.DescribeStreamCommand)
    return undefined
  } catch (error) {
    const { name, $metadata } = error as sdk.KinesisVideoServiceException
    const known = Reflect.get(sdk, name)
    return {
      name,
      status: $metadata.httpStatusCode,
      isKnown: typeof known === 'function' && error instanceof known,
      requestId: $metadata.requestId,
    }
  }
}
