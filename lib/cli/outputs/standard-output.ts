import { once } from 'node:events'

/**
 * Writes to standard output without ending it, which is not ours to end. False when its reader has gone, as `head` does:
 * that is an end and no failure. Rejects for any other error.
 */
export async function writeToStandardOutput(chunks: AsyncIterable<Uint8Array | string>): Promise<boolean> {
  const { stdout } = process
  let failure: NodeJS.ErrnoException | undefined
  const onError = (error: NodeJS.ErrnoException) => {
    failure ??= error
  }
  stdout.on('error', onError)
  for await (const chunk of chunks) {
    // `once` rejects with the error that `onError` has kept.
    if (failure === undefined && !stdout.write(chunk)) await once(stdout, 'drain').catch(() => {})
    if (failure !== undefined) break
  }
  // The last write may still fail: the listener stays, so that it is no crash.
  if (failure === undefined) await new Promise<void>(resolve => stdout.write('', () => resolve()))
  if (failure !== undefined && failure.code !== 'EPIPE') throw failure
  return failure === undefined
}
