/** One reader of Matroska over files of several media, in transport chunks of several sizes. */
import { pipeline } from 'node:stream/promises'
import { CutFile } from '../fixtures/cut-file.ts'
import { eachCase, measureCpu } from '../harness/cpu.ts'
import type { Results } from '../harness/question.ts'
import { type DemuxerName, demuxer, loadEveryDemuxer } from './demuxers.ts'

export type DemuxCase = {
  readonly name: string
  readonly file: string
  readonly bytes: number
  /** How many there are to find. */
  readonly frames: number
  readonly chunkBytes: number
}

export type DemuxParams = { readonly demuxer: DemuxerName; readonly cases: readonly DemuxCase[] }

export async function run({ demuxer: name, cases }: DemuxParams): Promise<Results> {
  await loadEveryDemuxer()
  const start = await demuxer(name)
  return await eachCase(cases, async ({ file, bytes, frames, chunkBytes }) => {
    await using cut = await CutFile.open(file, chunkBytes)
    const metrics = await measureCpu(async () => {
      const { stages, count, read } = start()
      if (read !== undefined) return await read(cut.stream())
      await pipeline([cut.stream(), ...stages])
      return count()
    })
    return { ...metrics, bytes, frames }
  })
}
