/**
 * What does reading a payload cost beyond moving its bytes? `npm run bench`
 * The same file, drained with nothing done to its bytes, through our two stages, and through ebml-stream.
 */
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { EbmlStreamDecoder } from 'ebml-stream'
import { MkvChunkDemuxer, TagExtractor } from '../lib/index.ts'
import { fragment } from '../spec/support/mkv-builder.ts'
import { type Contender, machine, measure, ratioTable } from './measure.ts'

type Media = {
  readonly name: string
  readonly frameBytes: number
  readonly framesPerFragment: number
  readonly totalBytes: number
}

const MEDIA: readonly Media[] = [
  { name: 'video, 8 KB frames', frameBytes: 8000, framesPerFragment: 60, totalBytes: 100e6 },
  { name: 'video, 70 KB frames, 8-byte sizes', frameBytes: 70_000, framesPerFragment: 60, totalBytes: 100e6 },
  { name: 'call audio, 320-byte blocks', frameBytes: 320, framesPerFragment: 100, totalBytes: 20e6 },
]
const CHUNK_BYTES = [16_384, 65_536, 1_048_576]

function payloadOf({ frameBytes, framesPerFragment, totalBytes }: Media): Buffer {
  const frames = Array.from({ length: framesPerFragment }, (_, at) => ({
    at,
    keyframe: at === 0,
    data: randomBytes(frameBytes),
  }))
  const chunk = fragment({ number: '1', frames, producer: 'pic' })
  return Buffer.concat(new Array<Buffer>(Math.ceil(totalBytes / chunk.length)).fill(chunk))
}

function countingSink(
  count: (item: unknown) => number,
  objectMode: boolean,
): { sink: Writable; total: () => number } {
  let total = 0
  const sink = new Writable({
    objectMode,
    write(item: unknown, _encoding, callback) {
      total += count(item)
      callback()
    },
  })
  return { sink, total: () => total }
}

const isOfType = (name: string) => (item: unknown) =>
  typeof item === 'object' && item !== null && 'type' in item && item.type === name ? 1 : 0

function contenders(file: string, chunkBytes: number): Contender[] {
  const source = () => createReadStream(file, { highWaterMark: chunkBytes })
  return [
    {
      name: 'bare drain',
      run: async () => {
        const { sink } = countingSink(() => 0, false)
        await pipeline(source(), sink)
        return 0
      },
    },
    {
      name: 'MkvChunkDemuxer + TagExtractor',
      run: async () => {
        const { sink, total } = countingSink(isOfType('frame'), true)
        await pipeline(source(), new MkvChunkDemuxer(), new TagExtractor(), sink)
        return total()
      },
    },
    {
      name: 'ebml-stream',
      run: async () => {
        const isBlock = (tag: unknown) =>
          typeof tag === 'object' && tag !== null && 'payload' in tag && 'track' in tag ? 1 : 0
        const { sink, total } = countingSink(isBlock, true)
        // Its types are of an older Node's streams.
        await pipeline(source(), new EbmlStreamDecoder() as unknown as NodeJS.ReadWriteStream, sink)
        return total()
      },
    },
  ]
}

console.log(machine())
const directory = await mkdtemp(join(tmpdir(), 'getmedia-bench-'))
try {
  for (const media of MEDIA) {
    const file = join(directory, 'payload.mkv')
    await writeFile(file, payloadOf(media))
    for (const chunkBytes of CHUNK_BYTES) {
      const measured = await measure(contenders(file, chunkBytes), 3)
      console.log(ratioTable(`${media.name}, chunks of ${chunkBytes} bytes`, measured))
    }
  }
} finally {
  await rm(directory, { recursive: true })
}
