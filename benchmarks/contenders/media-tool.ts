/** Another program that makes one Matroska file of the payload. Its own process's CPU time, by the shell's `time`. */
import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { MkvReader } from '../../lib/matroska/index.ts'
import type { Results } from '../harness/question.ts'

export type MediaToolParams = {
  readonly tool: 'mkvmerge' | 'ffmpeg'
  readonly file: string
  readonly bytes: number
  /** How many there are to find. */
  readonly frames: number
  readonly directory: string
}

export async function run({ tool, file, bytes, frames, directory }: MediaToolParams): Promise<Results> {
  const out = join(directory, `${tool}.mkv`)
  const args =
    tool === 'mkvmerge'
      ? ['mkvmerge', '-q', '-o', out, file]
      : ['ffmpeg', '-v', 'error', '-y', '-i', file, '-map', '0', '-c', 'copy', out]
  const startedAt = performance.now()
  // mkvmerge exits with 1 where it only warns.
  const script = 'TIMEFORMAT="times %U %S"; time "$@" || [ $? -lt 2 ]'
  const { stderr } = await promisify(execFile)('bash', ['-c', script, 'bash', ...args])
  const wallMs = performance.now() - startedAt
  const [, user = '', system = ''] = /times ([\d.]+) ([\d.]+)/.exec(stderr) ?? []
  const written = await readFile(out)
  await rm(out)
  const cpuMs = 1000 * (Number(user) + Number(system))
  return {
    all: { cpuMs, wallMs, passes: 1, counted: written.length, bytes, frames, found: framesIn(written) },
  }
}

function framesIn(bytes: Buffer): number {
  const reader = new MkvReader()
  reader.push(bytes)
  reader.end()
  let frames = 0
  for (let event = reader.next(); event !== undefined; event = reader.next())
    if (event.type === 'frame') frames++
  return frames
}
