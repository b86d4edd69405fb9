import { pictureTurn } from '../../matroska/picture-turn.ts'
import type { Track } from '../../matroska/reader/tracks.ts'
import { AnnexBWriter } from '../elementary/annexb-writer.ts'
import { nalKind } from '../elementary/elementary-format.ts'
import { describe } from '../elementary/track-choice.ts'
import { OutputError } from '../shared/output-error.ts'
import { FfmpegFailure, type FfmpegOptions, runFfmpeg } from './ffmpeg.ts'
import { type JpegFacts, readJpeg } from './jpeg.ts'
import type { KeyframeSample } from './keyframe-picker.ts'

export type PictureOptions = FfmpegOptions & {
  /** ffmpeg's `-q:v`: 2 is best, 31 smallest. */
  readonly quality: number
}

export type Picture = {
  readonly jpeg: Uint8Array
  readonly facts: JpegFacts
  /** How a viewer is to turn it, as EXIF's Orientation says; `undefined` where the pixels are as they are to be seen. */
  readonly orientation: number | undefined
}

/** This keyframe cannot be made a picture; another one may. */
export class PictureFailure extends Error {}

const DEMUXERS = { h264: 'h264', h265: 'hevc' } as const

/** What JPEG means by its colours (JFIF): BT.601, full range, whatever the video's are. */
const JPEG_COLOURS = 'scale=out_color_matrix=bt601:out_range=full'

/** Throws `OutputError` for a codec that no picture can be made of. */
export function checkCodec(track: Track): void {
  if (nalKind(track.codecId) !== undefined || isMjpeg(track)) return
  const problem = `track ${describe(track)} is neither H.264, H.265 nor MJPEG`
  throw new OutputError(
    'SnapshotWriter',
    `${problem}; set \`track\` to another one, or use KeyframeSampler and a decoder`,
  )
}

/** A keyframe as a JPEG: MJPEG as it came, the rest decoded by ffmpeg. Rejects with `PictureFailure`, and as `runFfmpeg` does. */
export async function pictureOf(sample: KeyframeSample, options: PictureOptions): Promise<Picture> {
  try {
    const jpeg = await jpegOf(sample, options)
    const facts = readJpeg(jpeg)
    if (facts === undefined) throw new PictureFailure('it is no whole JPEG')
    return { jpeg, facts, orientation: orientationOf(sample.track) }
  } catch (error) {
    if (error instanceof FfmpegFailure) throw new PictureFailure(`ffmpeg: ${error.message}`, { cause: error })
    throw error
  }
}

async function jpegOf({ track, frame }: KeyframeSample, options: PictureOptions): Promise<Uint8Array> {
  const kind = nalKind(track.codecId)
  if (kind === undefined) return await wholeJpeg(frame.data, options)
  const bytes = annexBOf(track, frame)
  const input = ['-threads', '1', '-f', DEMUXERS[kind], '-i', 'pipe:0', '-frames:v', '1']
  const filters = ['-vf', [JPEG_COLOURS, ...turnFilters(track)].join(','), '-pix_fmt', 'yuvj420p']
  const output = [...filters, '-q:v', String(options.quality), '-f', 'mjpeg', 'pipe:1']
  return await runFfmpeg([...input, ...output], bytes, options)
}

/** ffmpeg's filters that show the picture as the track says; a turn that is not by quarters is left to the viewer. */
function turnFilters({ video }: Track): string[] {
  const turn = video === undefined ? undefined : pictureTurn(video)
  if (turn === undefined || turn.counterClockwiseDegrees % 90 !== 0) return []
  return [...(turn.isMirrored ? ['hflip'] : []), ...TURNS[turn.counterClockwiseDegrees / 90]!]
}

/** By quarters, counter-clockwise. */
const TURNS = [[], ['transpose=cclock'], ['hflip', 'vflip'], ['transpose=clock']] as const

/** Of MJPEG, whose pixels are written as they came. */
function orientationOf(track: Track): number | undefined {
  const turn = track.video === undefined || !isMjpeg(track) ? undefined : pictureTurn(track.video)
  if (turn === undefined) return undefined
  return (turn.isMirrored ? MIRRORED_ORIENTATIONS : ORIENTATIONS)[turn.counterClockwiseDegrees / 90]
}

/** By quarters, counter-clockwise. */
const ORIENTATIONS = [1, 8, 3, 6] as const
const MIRRORED_ORIENTATIONS = [2, 5, 4, 7] as const

/** With Huffman tables where the camera leaves them out. */
async function wholeJpeg(frame: Uint8Array, options: PictureOptions): Promise<Uint8Array> {
  if (readJpeg(frame)?.hasHuffmanTables !== false) return frame
  const args = ['-f', 'mjpeg', '-i', 'pipe:0', '-c', 'copy', '-bsf:v', 'mjpeg2jpeg', '-f', 'mjpeg', 'pipe:1']
  return await runFfmpeg(args, frame, options)
}

function annexBOf(track: Track, frame: KeyframeSample['frame']): Uint8Array {
  const writer = new AnnexBWriter('SnapshotWriter', track, true)
  try {
    const bytes = writer.write(frame)
    if (bytes !== undefined) return bytes
  } catch (error) {
    if (error instanceof OutputError) throw new PictureFailure(error.message, { cause: error })
    throw error
  }
  throw new PictureFailure('neither the track nor the frame has its parameter sets')
}

function isMjpeg({ codecId, codec }: Track): boolean {
  return codecId === 'V_MJPEG' || (codec.kind === 'bitmap-info' && codec.fourcc === 'MJPG')
}
