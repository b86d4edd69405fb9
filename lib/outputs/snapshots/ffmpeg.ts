import { type ExecFileException, execFile } from 'node:child_process'
import { OutputError } from '../shared/output-error.ts'

export type FfmpegOptions = {
  /** The program: a name that is looked up in PATH, or a path. */
  readonly ffmpegPath: string
  /** A run that takes longer is killed. */
  readonly timeoutMs: number
  /** Kills it. */
  readonly signal: AbortSignal
}

/** It was started, and gave no picture. */
export class FfmpegFailure extends Error {}

const MOST_BYTES = 64 * 1024 * 1024
const MOST_MESSAGE_CHARACTERS = 500

/**
 * Runs ffmpeg once: `input` to its standard input, all of its standard output in memory, up to 64 MiB. Rejects with
 * `OutputError` where the program is not there, with `FfmpegFailure` where it fails, and with what the signal gives.
 */
export async function runFfmpeg(
  args: readonly string[],
  input: Uint8Array,
  { ffmpegPath, timeoutMs, signal }: FfmpegOptions,
): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const limits = { maxBuffer: MOST_BYTES, timeout: timeoutMs, killSignal: 'SIGKILL', signal } as const
    const child = execFile(
      ffmpegPath,
      ['-v', 'error', ...args],
      { ...limits, encoding: 'buffer', windowsHide: true },
      (error, stdout, stderr) => {
        if (error === null && stdout.length > 0) resolve(stdout)
        else if (error === null) reject(new FfmpegFailure(told(stderr) ?? 'it gave no picture'))
        else if (signal.aborted) reject(error)
        else reject(failureOf(error, stderr, ffmpegPath, timeoutMs))
      },
    )
    // A decoder that has its picture reads no more, and one that has failed neither.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

function failureOf(error: ExecFileException, stderr: Buffer, ffmpegPath: string, timeoutMs: number): Error {
  const { code, signal, killed } = error
  if ('syscall' in error && String(error.syscall).startsWith('spawn')) {
    const problem = `\`${ffmpegPath}\` cannot be started (${code})`
    const advice =
      'install ffmpeg (Debian: apt-get install ffmpeg; macOS: brew install ffmpeg), or set `ffmpegPath`'
    return new OutputError('SnapshotWriter', `${problem}: ${advice}`, { cause: error })
  }
  // It is killed for what it says, too, where that is more than `MOST_BYTES`.
  const isLate = killed === true && typeof code !== 'string'
  const ending = code == null ? `it was ended by ${signal}` : `it ended with ${code}`
  const reason = isLate ? `it took more than ${timeoutMs} ms` : (told(stderr) ?? ending)
  return new FfmpegFailure(reason, { cause: error })
}

function told(stderr: Buffer): string | undefined {
  const text = stderr
    .toString('utf8')
    .trim()
    .replaceAll(/\s*\n\s*/g, '; ')
  return text === '' ? undefined : text.slice(0, MOST_MESSAGE_CHARACTERS)
}
