import type { Track } from '../reader/tracks.ts'
import { av1RandomAccess } from './av1-random-access.ts'
import { type AvcData, readAvc } from './avc.ts'
import { h264RandomAccess } from './h264-random-access.ts'
import { h265RandomAccess } from './h265-random-access.ts'
import { type HevcData, readHevc } from './hevc.ts'
import {
  ffv1RandomAccess,
  mpeg4RandomAccess,
  mpeg12RandomAccess,
  msMpeg4RandomAccess,
  theoraRandomAccess,
} from './picture-type.ts'
import { videoCodecOf } from './video-codec.ts'
import { vp8RandomAccess, vp9RandomAccess } from './vpx-random-access.ts'

/**
 * How decoding can begin with a frame. `full`: the frame is complete without any other. `gradual`: pictures are complete some
 * frames later, as with the intra refresh of H.264. `none`: not at all.
 */
export type RandomAccess = 'full' | 'gradual' | 'none'

/** A frame as `MkvFrame` and `FragmentFrame` have it; `keyframe` is the container's flag. */
export type JudgedFrame = { readonly keyframe: boolean; readonly data: Uint8Array }

/** Judges the frames of one track. */
export type RandomAccessJudge = (frame: JudgedFrame) => RandomAccess

/**
 * Makes a judge for a track's frames. The container's key flag is a hint: producers of AWS set it on no frame of audio, some
 * muxers on none at all, and some cameras on every one. Frames of audio, subtitles and metadata are random access points. Frames
 * of video are judged by their NAL units (H.264 and H.265, length-prefixed or Annex B) or by their header (VP8, VP9, AV1, MPEG-1,
 * MPEG-2, MPEG-4 Visual, Theora, FFV1); every frame of MJPEG, ProRes and uncompressed video is one. The flag counts where a frame
 * cannot be read: encrypted, malformed, or of another codec.
 *
 * A judge reads the start of a frame only, copies nothing, and never throws.
 */
export function randomAccessJudge(track: Track): RandomAccessJudge {
  if (track.type !== 'video' && !track.codecId.startsWith('V_')) return () => 'full'
  const read = track.encrypted ? undefined : frameReader(track)
  if (read === undefined) return ({ keyframe }) => byFlag(keyframe)
  return ({ data, keyframe }) => read(data, keyframe) ?? byFlag(keyframe)
}

/** How decoding can begin with a frame of this track; see `randomAccessJudge`. */
export function randomAccessOf(track: Track, frame: JudgedFrame): RandomAccess {
  let judge = judges.get(track)
  if (judge === undefined) {
    judge = randomAccessJudge(track)
    judges.set(track, judge)
  }
  return judge(frame)
}

/**
 * Whether decoding can begin with a frame, according to its codec and not to the container's key flag alone; see
 * `randomAccessJudge`. `track` is the one of the frame's document or fragment.
 *
 * ```ts
 * if (event.type === 'frame' && isRandomAccessPoint(tracks.get(event.track)!, event)) beginHere(event)
 * ```
 */
export function isRandomAccessPoint(track: Track, frame: JudgedFrame): boolean {
  return randomAccessOf(track, frame) !== 'none'
}

const judges = new WeakMap<Track, RandomAccessJudge>()

function byFlag(keyframe: boolean): RandomAccess {
  return keyframe ? 'full' : 'none'
}

/** Reads one frame; `undefined` where it cannot be read. */
type FrameReader = (data: Uint8Array, isFlagged: boolean) => RandomAccess | undefined

function frameReader(track: Track): FrameReader | undefined {
  switch (videoCodecOf(track)) {
    case 'h264': {
      const lengthSize = codecData(track, readAvc)?.nalLengthSize ?? USUAL_LENGTH_SIZE
      return (data, isFlagged) => h264RandomAccess(data, lengthSize, isFlagged)
    }
    case 'h265': {
      const hevc = codecData(track, readHevc)
      const lengthSize = hevc?.nalLengthSize ?? USUAL_LENGTH_SIZE
      const pps = hevc?.pps ?? []
      return (data, isFlagged) => h265RandomAccess(data, lengthSize, isFlagged, pps)
    }
    case 'vp8':
      return vp8RandomAccess
    case 'vp9':
      return vp9RandomAccess
    case 'av1': {
      const { codecPrivate } = track
      return data => av1RandomAccess(data, codecPrivate)
    }
    case 'mpeg12':
      return mpeg12RandomAccess
    case 'mpeg4':
      return mpeg4RandomAccess
    case 'ms-mpeg4':
      return msMpeg4RandomAccess
    case 'theora':
      return theoraRandomAccess
    case 'ffv1':
      return ffv1RandomAccess
    case 'intra':
      return () => 'full'
    default:
      return undefined
  }
}

/** Where no codec data say otherwise. */
const USUAL_LENGTH_SIZE = 4
const BITMAP_INFO_HEADER_BYTES = 40

/** The record in the CodecPrivate; V_MS/VFW/FOURCC has it after its BITMAPINFOHEADER, if at all. */
function codecData<T extends AvcData | HevcData>(
  { codec, codecPrivate }: Track,
  read: (bytes: Uint8Array) => T | undefined,
): T | undefined {
  if (codecPrivate === undefined) return undefined
  return read(codec.kind === 'bitmap-info' ? codecPrivate.subarray(BITMAP_INFO_HEADER_BYTES) : codecPrivate)
}
