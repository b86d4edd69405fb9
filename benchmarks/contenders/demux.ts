/** One reader of Matroska over files of several media, in transport chunks of several sizes. */
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { cutBytes } from '../fixtures/cut-bytes.ts'
import { cpuTurn } from '../harness/cpu.ts'
import type { Turns } from '../harness/question.ts'
import { type DemuxerName, demuxer } from './demuxers.ts'

export type DemuxCase = {
  readonly name: string
  readonly file: string
  readonly bytes: number
  /** How many there are to find. */
  readonly frames: number
  readonly chunkBytes: number
  /** The file is in memory before: what moving its bytes costs is no part of it. */
  readonly inMemory: boolean
}

export type DemuxParams = { readonly demuxer: DemuxerName; readonly cases: readonly DemuxCase[] }

export async function open({ demuxer: name, cases }: DemuxParams): Promise<Turns> {
  const read = await demuxer(name)
  const turns = cases.map(async ({ name: caseName, file, bytes, frames, chunkBytes, inMemory }) => {
    const whole = inMemory ? await readFile(file) : undefined
    const source = () =>
      whole === undefined
        ? createReadStream(file, { highWaterMark: chunkBytes })
        : cutBytes(whole, chunkBytes)
    const turn = cpuTurn(() => read(source()))
    return [caseName, async () => ({ ...(await turn()), bytes, frames })] as const
  })
  return Object.fromEntries(await Promise.all(turns))
}
