import type { Readable } from 'node:stream'
import { Readable as NodeReadable, Writable } from 'node:stream'
import { countingSink, isFrame } from '../fixtures/sinks.ts'

export type DemuxerName =
  | 'drain'
  | 'MkvReader'
  | 'getmedia'
  | 'ebml'
  | 'ebml-stream'
  | 'ts-ebml'
  | 'matroska-subtitles'
  | 'mediabunny'

/** One pass: stages to put behind the bytes and what they counted, or, for who pulls, a function that reads them. */
export type Pass = {
  readonly stages: readonly NodeJS.WritableStream[]
  readonly count: () => number
  readonly read?: (bytes: Readable) => Promise<number>
}

/** Each as its own documentation has it used, counting blocks or frames. */
export async function demuxer(name: DemuxerName): Promise<() => Pass> {
  return await LOADERS[name]()
}

/**
 * Loads all of them. In a process with more than about 9 MB of objects, Node 20 collects garbage once for some 15 MB that
 * streams bring, and below that hardly ever: without this, a reader would be charged for the size of its package, and one
 * that does nothing for none.
 */
export async function loadEveryDemuxer(): Promise<void> {
  for (const load of Object.values(LOADERS)) await load()
}

const LOADERS: Readonly<Record<DemuxerName, () => Promise<() => Pass>>> = {
  drain: async () => () =>
    staged(
      [],
      countingSink(() => false, false),
    ),

  MkvReader: async () => {
    const { MkvReader } = await import('../../lib/mkv/index.ts')
    return () => {
      const reader = new MkvReader()
      let frames = 0
      const take = (): void => {
        for (let event = reader.next(); event !== undefined; event = reader.next()) {
          if (event.type === 'frame') frames++
        }
      }
      const onChunk = (chunk: Buffer): void => {
        reader.push(chunk)
        take()
      }
      const onEnd = (): void => {
        reader.end()
        take()
      }
      return { stages: [chunkSink(onChunk, onEnd)], count: () => frames }
    }
  },

  getmedia: async () => {
    const { MkvChunkDemuxer, TagExtractor } = await import('../../lib/index.ts')
    return () => staged([new MkvChunkDemuxer(), new TagExtractor()], countingSink(isFrame))
  },

  ebml: async () => {
    const { default: ebml } = await import('ebml')
    return () => staged([new ebml.Decoder()], countingSink(isBlockPair))
  },

  'ebml-stream': async () => {
    const { EbmlStreamDecoder } = await import('ebml-stream')
    return () =>
      staged([new EbmlStreamDecoder() as unknown as NodeJS.ReadWriteStream], countingSink(isBlockTag))
  },

  'ts-ebml': async () => {
    const { default: tsEbml } = await import('ts-ebml')
    return () => {
      const decoder = new tsEbml.Decoder()
      let blocks = 0
      const onChunk = (chunk: Buffer): void => {
        // Its types ask for an ArrayBuffer; it takes a Buffer.
        for (const { name } of decoder.decode(chunk as unknown as ArrayBuffer))
          if (isBlockName(name)) blocks++
      }
      return { stages: [chunkSink(onChunk)], count: () => blocks }
    }
  },

  // It reads the text tracks of a file and nothing else, so that it counts none of these frames. `SubtitleParser` would
  // stop at once where there are none; this class reads on, and hands the bytes through.
  'matroska-subtitles': async () => {
    const { SubtitleStream } = (await import('matroska-subtitles')) as unknown as SubtitleModule
    return () => {
      const parser = new SubtitleStream()
      let found = 0
      parser.on('subtitle', () => found++)
      return {
        ...staged(
          [parser],
          countingSink(() => false, false),
        ),
        count: () => found,
      }
    }
  },

  mediabunny: async () => {
    const { EncodedPacketSink, Input, MATROSKA, ReadableStreamSource } = await import('mediabunny')
    const read = async (bytes: Readable): Promise<number> => {
      const stream = NodeReadable.toWeb(bytes) as ReadableStream<Uint8Array>
      using input = new Input({ source: new ReadableStreamSource(stream), formats: [MATROSKA] })
      let packets = 0
      for (const track of await input.getTracks()) {
        for await (const _ of new EncodedPacketSink(track).packets()) packets++
      }
      return packets
    }
    return () => ({ stages: [], count: () => 0, read })
  },
}

type SubtitleModule = { readonly SubtitleStream: new () => NodeJS.ReadWriteStream }

function staged(stages: readonly NodeJS.WritableStream[], sink: Writable & { readonly count: number }): Pass {
  return { stages: [...stages, sink], count: () => sink.count }
}

function chunkSink(onChunk: (chunk: Buffer) => void, onEnd: () => void = () => {}): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, callback) {
      callOrFail(() => onChunk(chunk), callback)
    },
    final(callback) {
      callOrFail(onEnd, callback)
    },
  })
}

function callOrFail(call: () => void, callback: (error?: Error | null) => void): void {
  try {
    call()
  } catch (error) {
    callback(error as Error)
    return
  }
  callback()
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
