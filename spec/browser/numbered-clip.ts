import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/**
 * A clip whose every picture says which it is: the second by its colour, the picture by its number, in eight black or white
 * squares along its lower edge. A page can tell what it shows, and so when it shows it.
 */

/** One for each second. Pairs that follow each other differ by more than any codec does. */
export const COLOURS = [
  [200, 40, 40],
  [40, 160, 60],
  [50, 70, 210],
  [210, 190, 40],
  [160, 50, 170],
  [40, 180, 190],
  [220, 120, 30],
  [120, 120, 120],
] as const

export const PICTURES_PER_SECOND = 25
export const SECONDS: number = COLOURS.length
export const SECOND_NUMBERS: readonly number[] = COLOURS.map((_, second) => second)
/** On the clip's clock: its encoder of AAC begins with 1024 samples of silence, at 16 kHz, and the tone is in step with the pictures. */
const FIRST_PICTURE_SECONDS = 0.064
export const PICTURES: number = SECONDS * PICTURES_PER_SECOND

const WIDTH = 320
const HEIGHT = 240
const SQUARE = 40

/** Which picture is to be seen at a time. */
export function pictureAt(seconds: number): number {
  // A time that is a picture's own comes back by a floating point's error less.
  return Math.floor((seconds - FIRST_PICTURE_SECONDS) * PICTURES_PER_SECOND + 0.01)
}

/** The second that a picture is of, which has a colour. */
export function secondOf(picture: number): number {
  return Math.floor(picture / PICTURES_PER_SECOND)
}

export type ClipOptions = {
  /** B-frames between two others: pictures are sent in another order than they are shown in. @default 0 */
  readonly bFrames?: number
}

/** Writes it as Matroska: H.264 with a keyframe at each second, and a cluster with it, and a tone in AAC. */
export async function writeClip(path: string, { bFrames = 0 }: ClipOptions = {}): Promise<void> {
  const raw = [
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    '-s',
    `${WIDTH}x${HEIGHT}`,
    '-r',
    `${PICTURES_PER_SECOND}`,
  ]
  const tone = ['-f', 'lavfi', '-i', `sine=440:r=16000:d=${SECONDS}`]
  // A decoder that is not told all three takes a matrix by the size of the picture, and another than ffmpeg does.
  const matrix = ['-vf', 'scale=out_color_matrix=bt709,format=yuv420p', '-colorspace', 'bt709']
  const colours = ['-color_primaries', 'bt709', '-color_trc', 'bt709']
  const video = ['-c:v', 'libx264', '-g', `${PICTURES_PER_SECOND}`, '-sc_threshold', '0', '-bf', `${bFrames}`]
  const audio = ['-c:a', 'aac', '-b:a', '64k']
  const ffmpeg = spawn(
    'ffmpeg',
    ['-v', 'error', '-y', ...raw, '-i', '-', ...tone, ...matrix, ...colours, ...video, ...audio, path],
    { stdio: ['pipe', 'inherit', 'inherit'] },
  )
  const closed = once(ffmpeg, 'close')
  await pipeline(Readable.from(pictures()), ffmpeg.stdin)
  const [status] = await closed
  if (status !== 0) throw new Error(`ffmpeg ended with ${status}`)
}

function* pictures(): Generator<Buffer> {
  for (let number = 0; number < PICTURES; number++) yield picture(number)
}

function picture(number: number): Buffer {
  const colour = COLOURS[secondOf(number)]!
  const line = Buffer.alloc(WIDTH * 3)
  const lastLine = Buffer.alloc(WIDTH * 3)
  for (let x = 0; x < WIDTH; x++) {
    line.set(colour, x * 3)
    lastLine.fill((number >> Math.floor(x / SQUARE)) & 1 ? 255 : 0, x * 3, x * 3 + 3)
  }
  return Buffer.concat(Array.from({ length: HEIGHT }, (_, y) => (y < HEIGHT - SQUARE ? line : lastLine)))
}
