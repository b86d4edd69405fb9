import { OutputError } from '../shared/output-error.ts'

/** `mediabunny` writes our MP4 headers and ordinary MP4 files; it is installed only by those who want them. */
export type Mediabunny = typeof import('mediabunny')

/** Loads `mediabunny` when it is first used. Throws `OutputError`, which says what to install. */
export async function loadMediabunny(output: string): Promise<Mediabunny> {
  try {
    return await import('mediabunny')
  } catch (cause) {
    throw new OutputError(
      output,
      'the package "mediabunny" writes MP4, and is not there: npm install mediabunny',
      {
        cause,
      },
    )
  }
}

/** Does `work` with mediabunny; what it refuses is an `OutputError`, since the same stream would be refused again. */
export async function withMediabunny<T>(output: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    // The disk's own errors, and ours, pass through it.
    if (cause instanceof OutputError || (cause instanceof Error && 'syscall' in cause)) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new OutputError(
      output,
      `mediabunny cannot write this stream: ${reason}; MkvFileSink takes every stream`,
      {
        cause,
      },
    )
  }
}
