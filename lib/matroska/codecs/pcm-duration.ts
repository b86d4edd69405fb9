import type { Track } from '../reader/tracks.ts'

type PcmTrack = Pick<Track, 'codec' | 'audio'>

/** Format tags of RFC 2361: PCM, IEEE float, A-law, mu-law. */
const PCM = 0x0001
const FLOAT = 0x0003
const ALAW = 0x0006
const MULAW = 0x0007
const G711_BITS = 8
const USUAL_FLOAT_BITS = 32
const USUAL_BITS = 16

/** Durations of frames of PCM and G.711, by their bytes; `undefined` for other tracks and where a setting is missing. */
export function pcmDurationReader(track: PcmTrack): ((frame: Uint8Array) => number | undefined) | undefined {
  const bytesPerMs = bytesPerMsOf(track)
  if (!(bytesPerMs > 0)) return undefined
  return ({ length }) => length / bytesPerMs
}

function bytesPerMsOf({ codec, audio }: PcmTrack): number {
  if (codec.kind === 'wave-format') {
    const { formatTag, sampleRateHz, channels, bitDepth } = codec
    const isG711 = formatTag === ALAW || formatTag === MULAW
    if (!isG711 && formatTag !== PCM && formatTag !== FLOAT) return 0
    return (sampleRateHz * channels * (isG711 ? G711_BITS : bitDepth)) / 8000
  }
  if (codec.kind !== 'pcm' || audio === undefined) return 0
  const bits = audio.bitDepth ?? (codec.format === 'float' ? USUAL_FLOAT_BITS : USUAL_BITS)
  return (audio.samplingFrequencyHz * audio.channels * bits) / 8000
}
