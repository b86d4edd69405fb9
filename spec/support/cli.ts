import { spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(new URL('../../lib/cli/getmedia.js', import.meta.url))

export type CliResult = { readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }

export type CliOptions = {
  /** A stream may stay open. */
  readonly stdin?: Uint8Array | Readable
  readonly env?: Readonly<Record<string, string>>
  /** Called with what has come on standard output so far; may send a signal. */
  readonly onOutput?: (stdout: string, kill: (signal: NodeJS.Signals) => void) => void
}

/** Runs the real command as a user would, in a process of its own. */
export async function getmedia(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const child = spawn(process.execPath, [entry, ...args], { env: { ...process.env, ...options.env } })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    options.onOutput?.(stdout, signal => child.kill(signal))
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  // The command may end before it has read everything.
  child.stdin.on('error', () => {})
  if (options.stdin instanceof Readable) options.stdin.pipe(child.stdin)
  else child.stdin.end(options.stdin)
  const exitCode = await new Promise<number | null>(resolve => child.on('close', resolve))
  return { exitCode, stdout, stderr }
}

/** The JSON lines of an output. */
export function jsonLines(stdout: string): readonly Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Record<string, unknown>)
}
