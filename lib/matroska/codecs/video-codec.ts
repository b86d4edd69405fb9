import type { Track } from '../reader/tracks.ts'

/** Codecs of video whose frames show whether decoding can begin with them. `intra`: every frame is decoded alone. */
export type VideoCodec =
  | 'h264'
  | 'h265'
  | 'vp8'
  | 'vp9'
  | 'av1'
  | 'mpeg12'
  | 'mpeg4'
  | 'ms-mpeg4'
  | 'theora'
  | 'ffv1'
  | 'intra'

const BY_CODEC_ID: readonly (readonly [codecId: RegExp, codec: VideoCodec])[] = [
  [/^V_MPEG4?\/ISO\/AVC$/, 'h264'],
  [/^V_MPEGH\/ISO\/HEVC$/, 'h265'],
  [/^V_VP8$/, 'vp8'],
  [/^V_VP9$/, 'vp9'],
  [/^V_AV1$/, 'av1'],
  [/^V_MPEG[12]$/, 'mpeg12'],
  [/^V_MPEG4\/ISO\/(SP|ASP|AP)$/, 'mpeg4'],
  [/^V_MPEG4\/MS\/V3$/, 'ms-mpeg4'],
  [/^V_THEORA$/, 'theora'],
  [/^V_FFV1$/, 'ffv1'],
  [/^V_(MJPEG|PRORES|UNCOMPRESSED)$/, 'intra'],
]

/** FourCCs of V_MS/VFW/FOURCC and V_QUICKTIME; capitals do not matter. */
const BY_FOURCC: readonly (readonly [fourcc: RegExp, codec: VideoCodec])[] = [
  [/^(h264|x264|avc1|avc3|davc|vssh)$/, 'h264'],
  [/^(hevc|h265|x265|hev1|hvc1)$/, 'h265'],
  [/^vp80$/, 'vp8'],
  [/^vp90$/, 'vp9'],
  [/^av01$/, 'av1'],
  [/^(mpg1|mpg2|mpeg|mp1v|mp2v)$/, 'mpeg12'],
  [/^(mp4v|fmp4|xvid|divx|dx50|m4s2)$/, 'mpeg4'],
  [/^(mp42|mp43|div3|div2)$/, 'ms-mpeg4'],
  [/^theo$/, 'theora'],
  [/^ffv1$/, 'ffv1'],
  [/^(mjpg|mjpa|jpeg|ljpg|mjp2|mj2c|mpng|png |hfyu|ffvh|cfhd|avdn|avdh)$/, 'intra'],
  [/^(ul(ra|rg|y0|y2|y4|h0|h2|h4)|ap(ch|cn|cs|co|4h|4x)|dv(sd|25|50|cp|pp|h1))$/, 'intra'],
  [/^(i420|iyuv|yv12|yuy2|uyvy|nv12|v210)$/, 'intra'],
]

export function videoCodecOf(track: Track): VideoCodec | undefined {
  const byId = BY_CODEC_ID.find(([pattern]) => pattern.test(track.codecId))?.[1]
  if (byId !== undefined) return byId
  const fourcc = fourccOf(track)?.toLowerCase()
  return fourcc === undefined ? undefined : BY_FOURCC.find(([pattern]) => pattern.test(fourcc))?.[1]
}

function fourccOf({ codecId, codec, codecPrivate }: Track): string | undefined {
  if (codec.kind === 'bitmap-info') return codec.fourcc
  // A sample description of QuickTime: its size, then its format.
  if (codecId !== 'V_QUICKTIME' || codecPrivate === undefined || codecPrivate.length < 8) return undefined
  return String.fromCharCode(...codecPrivate.subarray(4, 8))
}
