import { OutputError } from '../output-error.ts'

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
