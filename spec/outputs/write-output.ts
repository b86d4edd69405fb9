import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { MkvChunkDemuxer } from '../../lib/get-media/mkv-chunk-demuxer.ts'
import { TagExtractor } from '../../lib/get-media/tag-extractor.ts'
import { FileSink } from '../../lib/outputs/file/file-sink.ts'
import { MkvFileSink } from '../../lib/outputs/mkv/mkv-file-sink.ts'
import { WavWriter } from '../../lib/outputs/wav/wav-writer.ts'

/**
 * A program of its own, for what happens to a whole process: `write-output.ts KIND DIRECTORY` writes what is on its standard
 * input, and prints the code of the error that it failed with, and what the output told of its files.
 */

const [, , kind = '', directory = ''] = process.argv
const OUTPUTS: Readonly<Record<string, () => Writable>> = {
  mkv: () => new MkvFileSink({ path: join(directory, 'door.mkv') }),
  wav: () => new WavWriter({ directory, layout: 'stereo' }),
  payload: () => new FileSink({ path: join(directory, 'door.payload') }),
}

const output = OUTPUTS[kind]!()
const files: unknown[] = []
output.on('file', report => files.push(report))
const closed = new Promise(resolve => output.once('close', resolve))
const stages = kind === 'payload' ? [] : [new MkvChunkDemuxer(), new TagExtractor()]
const failure = await pipeline([process.stdin, ...stages, output]).then(
  () => undefined,
  (error: NodeJS.ErrnoException) => error,
)
await closed
console.log(JSON.stringify({ code: failure?.code, files }))
