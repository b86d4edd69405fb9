import { Readable } from 'node:stream'
import { flow, isFrame } from '../fixtures/flow.ts'

export type DemuxerName =
  | 'drain'
  | 'MkvReader'
  | 'getmedia'
  | 'ebml'
  | 'ebml-stream'
  | 'ts-ebml'
  | 'matroska-subtitles'
  | 'mediabunny'

/** Reads a payload to its end; gives how many blocks or frames it found. */
export type Demuxer = (bytes: Readable) => Promise<number>

/** Each as its own documentation has it used. */
export async function demuxer(name: DemuxerName): Promise<Demuxer> {
  return await LOADERS[name]()
}

const LOADERS: Readonly<Record<DemuxerName, () => Promise<Demuxer>>> = {
  drain: async () => bytes => flow(bytes, [], () => false),

  MkvReader: async () => {
    const { MkvReader } = await import('../../lib/matroska/index.ts')
    return async bytes => {
      const reader = new MkvReader()
      let frames = 0
      const take = (): void => {
        for (let event = reader.next(); event !== undefined; event = reader.next()) {
          if (event.type === 'frame') frames++
        }
      }
      await eachChunk(bytes, chunk => {
        reader.push(chunk)
        take()
      })
      reader.end()
      take()
      return frames
    }
  },

  getmedia: async () => {
    const { MkvChunkDemuxer, TagExtractor } = await import('../../lib/index.ts')
    return bytes => flow(bytes, [new MkvChunkDemuxer(), new TagExtractor()], isFrame)
  },

  ebml: async () => {
    const { default: ebml } = await import('ebml')
    return bytes => flow(bytes, [new ebml.Decoder()], isBlockPair)
  },

  'ebml-stream': async () => {
    const { EbmlStreamDecoder } = await import('ebml-stream')
    return bytes => flow(bytes, [new EbmlStreamDecoder() as unknown as NodeJS.ReadWriteStream], isBlockTag)
  },

  'ts-ebml': async () => {
    const { default: tsEbml } = await import('ts-ebml')
    return async bytes => {
      const decoder = new tsEbml.Decoder()
      let blocks = 0
      await eachChunk(bytes, chunk => {
        // Its types ask for an ArrayBuffer; it takes a Buffer.
        for (const { name } of decoder.decode(chunk as unknown as ArrayBuffer))
          if (isBlockName(name)) blocks++
      })
      return blocks
    }
  },

  // It reads the text tracks of a file and nothing else, so that it counts none of these frames. `SubtitleParser` would
  // stop at once where there are none; this class reads on, and hands the bytes through.
  'matroska-subtitles': async () => {
    const { SubtitleStream } = (await import('matroska-subtitles')) as unknown as SubtitleModule
    return async bytes => {
      const parser = new SubtitleStream()
      let found = 0
      parser.on('subtitle', () => found++)
      await flow(bytes, [parser], () => false)
      return found
    }
  },

  mediabunny: async () => {
    const { EncodedPacketSink, Input, MATROSKA, ReadableStreamSource } = await import('mediabunny')
    return async bytes => {
      const stream = Readable.toWeb(bytes) as ReadableStream<Uint8Array>
      using input = new Input({ source: new ReadableStreamSource(stream), formats: [MATROSKA] })
      let packets = 0
      for (const track of await input.getTracks()) {
        for await (const _ of new EncodedPacketSink(track).packets()) packets++
      }
      return packets
    }
  },
}

type SubtitleModule = { readonly SubtitleStream: new () => NodeJS.ReadWriteStream }

/** For a reader that is no stream. */
async function eachChunk(bytes: Readable, onChunk: (chunk: Buffer) => void): Promise<void> {
  await flow(bytes, [], chunk => {
    onChunk(chunk as Buffer)
    return false
  })
}

function isBlockName(name: unknown): boolean {
  return name === 'SimpleBlock' || name === 'Block'
}

/** `['tag', { name, … }]` of ebml. */
function isBlockPair(pair: unknown): boolean {
  const [kind, element] = pair as [string, { readonly name?: string }]
  return kind === 'tag' && isBlockName(element.name)
}

/** The tags of blocks alone have these two. */
function isBlockTag(tag: unknown): boolean {
  return 'payload' in (tag as object) && 'track' in (tag as object)
}
