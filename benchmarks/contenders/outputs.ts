/** One output over one payload, into a directory that is new for each pass. */
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { MkvChunkDemuxer, TagExtractor } from '../../lib/index.ts'
import { countingSink } from '../fixtures/sinks.ts'
import { eachCase, measureCpu } from '../harness/cpu.ts'
import type { Results } from '../harness/question.ts'
import { OUTPUTS } from './output-stages.ts'

export type OutputParams = {
  /** An output's name; or `file copy` and `demuxed only`, which the outputs are measured against. */
  readonly output: string
  readonly file: string
  readonly bytes: number
  readonly directory: string
}

export async function run({ output, file, bytes, directory }: OutputParams): Promise<Results> {
  const stages = stagesOf(output)
  return await eachCase([{ name: 'all' }], async () => {
    const metrics = await measureCpu(async () => {
      const to = await mkdtemp(join(directory, 'pass-'))
      await pipeline([createReadStream(file), ...stages(to)])
      const written = await bytesIn(to)
      await rm(to, { recursive: true })
      return written
    })
    return { ...metrics, bytes }
  })
}

function stagesOf(name: string): (directory: string) => readonly NodeJS.WritableStream[] {
  const demuxed = () => [new MkvChunkDemuxer(), new TagExtractor()]
  if (name === 'file copy') return to => [createWriteStream(join(to, 'copy'))]
  if (name === 'demuxed only') return () => [...demuxed(), countingSink(() => false)]
  const output = OUTPUTS.find(one => one.name === name)
  if (output === undefined) throw new Error(`there is no output ${name}`)
  return to => [...demuxed(), ...output.open(to)]
}

async function bytesIn(directory: string): Promise<number> {
  const names = await readdir(directory)
  const sizes = await Promise.all(names.map(async name => (await stat(join(directory, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
