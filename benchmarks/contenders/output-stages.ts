import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import * as library from '../../lib/index.ts'
import { countingSink } from '../fixtures/sinks.ts'

/** What an output is fed with. */
export type OutputMedia = 'camera' | 'call' | 'captions'

export type Output = {
  readonly name: string
  readonly media: OutputMedia
  /** What goes behind the demuxer; it writes into `directory`, or nowhere. */
  readonly open: (directory: string) => readonly NodeJS.WritableStream[]
}

const toFile = (directory: string, name: string) => createWriteStream(join(directory, name))
const toNowhere = () => countingSink(() => false)

/** All outputs. A new one is one more line. */
export const OUTPUTS: readonly Output[] = [
  {
    name: 'MkvSegmentMerger',
    media: 'camera',
    open: to => [new library.MkvSegmentMerger(), toFile(to, 'out.mkv')],
  },
  {
    name: 'MkvFileSink',
    media: 'camera',
    open: to => [new library.MkvFileSink({ path: join(to, 'out.mkv') })],
  },
  { name: 'Mp4Remuxer', media: 'camera', open: to => [new library.Mp4Remuxer(), toFile(to, 'out.mp4')] },
  {
    name: 'Mp4FileSink',
    media: 'camera',
    open: to => [new library.Mp4FileSink({ path: join(to, 'out.mp4') })],
  },
  { name: 'HlsWriter', media: 'camera', open: to => [new library.HlsWriter({ directory: to })] },
  {
    name: 'ElementaryStream',
    media: 'camera',
    open: to => [new library.ElementaryStream(), toFile(to, 'out.h264')],
  },
  { name: 'KeyframeSampler', media: 'camera', open: () => [new library.KeyframeSampler(), toNowhere()] },
  { name: 'WavWriter', media: 'call', open: to => [new library.WavWriter({ directory: to })] },
  {
    name: 'TagTable',
    media: 'call',
    open: to => [new library.TagTable({ format: 'csv' }), toFile(to, 'out.csv')],
  },
  {
    name: 'CueExtractor',
    media: 'captions',
    open: to => [new library.CueExtractor({ format: 'webvtt' }), toFile(to, 'out.vtt')],
  },
]
