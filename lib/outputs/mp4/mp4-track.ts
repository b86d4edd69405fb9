import type { AudioCodec, VideoCodec } from 'mediabunny'
import { readAacFrameSamples } from '../../matroska/codecs/aac.ts'
import { opusDurationMs } from '../../matroska/codecs/opus-duration.ts'
import type { Track, VideoSettings } from '../../matroska/reader/tracks.ts'
import { hevcCodecString } from '../../mp4/codec-string.ts'
import { OutputError } from '../shared/output-error.ts'
import type { UnsupportedTracks } from './unsupported-tracks.ts'

/**
 * How much later each track of a fragmented MP4 is shown than its timestamps say, in milliseconds: what a decoder of one gives
 * first and nobody is to hear (CodecDelay, RFC 9559, section 5.1.4.1.25) goes before the start of the others. Media Source
 * Extensions ignore edit lists of sound, and without these a file has no time before zero.
 */
export function laterMs(tracks: readonly Track[]): ReadonlyMap<number, number> {
  const longestMs = Math.max(0, ...tracks.map(({ codecDelayMs = 0 }) => codecDelayMs))
  return new Map(tracks.map(({ number, codecDelayMs = 0 }) => [number, longestMs - codecDelayMs]))
}

/** How a track goes into MP4. */
export type Mp4Track = VideoTrack | AudioTrack

type Common = {
  readonly track: Track
  /** Ticks in a second: of the segment's milliseconds for video, of samples for audio. */
  readonly timescale: number
  /** As in a MIME type's `codecs` (RFC 6381). */
  readonly codecString: string
}

export type VideoTrack = Common & {
  readonly type: 'video'
  readonly codec: VideoCodec
  /** Absent where the payload does not say: then it is made of the first keyframe, which must be in Annex B. */
  readonly config: VideoDecoderConfig
}

export type AudioTrack = Common & {
  readonly type: 'audio'
  readonly codec: AudioCodec
  readonly config: AudioDecoderConfig
  /** Samples of a frame, where its codec tells. */
  readonly samplesOf: (data: Uint8Array) => number | undefined
}

/** What is wrong with a track that MP4 cannot carry. */
class Unfit {
  readonly problem: string

  constructor(problem: string) {
    this.problem = problem
  }
}

/** The tracks that MP4 can carry. Throws `OutputError` for another, unless it is left out, and where none is left. */
export function selectTracks(
  output: string,
  tracks: readonly Track[],
  unsupported: UnsupportedTracks,
): readonly Track[] {
  const unfit = new Map<Track, Unfit>()
  for (const track of tracks) {
    const fit = mp4TrackOf(track)
    if (fit instanceof Unfit) unfit.set(track, fit)
  }
  const fitting = tracks.filter(track => !unfit.has(track))
  const [first] = unfit
  if (first !== undefined && (unsupported === 'error' || fitting.length === 0)) {
    const [{ number, name }, { problem }] = first
    const advice =
      fitting.length === 0
        ? 'MkvFileSink takes every track'
        : `onUnsupportedTrack: 'leave-out' writes the others; MkvFileSink takes every track`
    throw new OutputError(output, `track ${number}${name ? ` (${name})` : ''}: ${problem}; ${advice}`)
  }
  return fitting
}

/** As `mp4TrackOf`, for a track that `selectTracks` has let through. */
export function mp4Track(track: Track): Mp4Track {
  const fit = mp4TrackOf(track)
  if (fit instanceof Unfit) throw new OutputError('MP4', `track ${track.number}: ${fit.problem}`)
  return fit
}

function mp4TrackOf(track: Track): Mp4Track | Unfit {
  if (track.encrypted) return new Unfit('its frames are encrypted')
  if (track.type === 'video') return videoTrack(track)
  if (track.type === 'audio') return audioTrack(track)
  return new Unfit(`${track.type} (${track.codecId}) is not written to MP4`)
}

const VIDEO_TIMESCALE = 1000

function videoTrack(track: Track): VideoTrack | Unfit {
  const { codec, codecId, codecPrivate, video } = track
  const { pixelWidth = 0, pixelHeight = 0 } = video ?? {}
  if (pixelWidth === 0 || pixelHeight === 0) return new Unfit('it does not say how large its picture is')
  const size = { codedWidth: pixelWidth, codedHeight: pixelHeight }
  const common = { type: 'video', track, timescale: VIDEO_TIMESCALE } as const
  if (codec.kind === 'h264' || codec.kind === 'h265') {
    const codecString = codec.kind === 'h264' ? codec.codecString : hevcCodecString(codecPrivate!)
    const config = { codec: codecString, description: codecPrivate!, ...size }
    return { ...common, codec: codec.kind === 'h264' ? 'avc' : 'hevc', codecString, config }
  }
  // Without a record, the parameter sets are those of the first keyframe, and the string is a guess.
  if (/^V_MPEG4?\/ISO\/AVC$/.test(codecId)) {
    return { ...common, codec: 'avc', codecString: 'avc1.42C01F', config: { codec: 'avc1.42C01F', ...size } }
  }
  if (codecId === 'V_MPEGH/ISO/HEVC') {
    const codecString = 'hvc1.1.6.L93.B0'
    return { ...common, codec: 'hevc', codecString, config: { codec: codecString, ...size } }
  }
  return new Unfit(`${codecId} is not written to MP4, which holds H.264 and H.265`)
}

/** Samples in a frame of AAC whose object type does not say (ISO/IEC 14496-3, section 4.5.1.1). */
const USUAL_AAC_FRAME_SAMPLES = 1024
/** Channels by channel configuration (ISO/IEC 14496-3, table 1.19); 0 leaves it to the stream. */
const AAC_CHANNELS = [undefined, 1, 2, 3, 4, 5, 6, 8]
const OPUS_RATE_HZ = 48_000

function audioTrack(track: Track): AudioTrack | Unfit {
  const { codec, codecId, codecPrivate, audio } = track
  const common = { type: 'audio', track } as const
  if (codec.kind === 'aac') {
    const { sampleRateHz, channelConfiguration, objectType } = codec
    const numberOfChannels = AAC_CHANNELS[channelConfiguration] ?? audio?.channels ?? 2
    const frameSamples = readAacFrameSamples(codecPrivate!) ?? USUAL_AAC_FRAME_SAMPLES
    return {
      ...{ ...common, codec: 'aac', timescale: sampleRateHz, codecString: `mp4a.40.${objectType}` },
      // The string is not written; mediabunny knows those of LC and HE alone.
      config: {
        codec: 'mp4a.40.2',
        sampleRate: sampleRateHz,
        numberOfChannels,
        description: codecPrivate!,
      },
      samplesOf: () => frameSamples,
    }
  }
  if (codecId === 'A_OPUS' && codecPrivate !== undefined) {
    const numberOfChannels = audio?.channels ?? codecPrivate[9] ?? 2
    const config = {
      codec: 'opus',
      sampleRate: OPUS_RATE_HZ,
      numberOfChannels,
      description: codecPrivate,
    }
    const opus = { ...common, codec: 'opus', timescale: OPUS_RATE_HZ, codecString: 'opus' } as const
    return { ...opus, config, samplesOf: opusSamples }
  }
  return pcmTrack(track)
}

function opusSamples(packet: Uint8Array): number | undefined {
  const durationMs = opusDurationMs(packet)
  return durationMs === undefined ? undefined : (durationMs * OPUS_RATE_HZ) / 1000
}

/** Of the codec id or, for `A_MS/ACM`, of the WAVEFORMATEX. */
function pcmTrack(track: Track): AudioTrack | Unfit {
  const { codec, codecId, audio } = track
  const isAcm = codec.kind === 'wave-format' && codec.formatTag === 1
  const format = codec.kind === 'pcm' ? codec.format : isAcm ? 'int-le' : undefined
  const { bitDepth = 0, channels = 0 } = isAcm ? codec : (audio ?? {})
  const sampleRate = isAcm ? codec.sampleRateHz : (audio?.samplingFrequencyHz ?? 0)
  if (format === undefined) {
    const problem = codec.kind === 'unreadable' ? codec.problem : `${codecId} is not written to MP4`
    return new Unfit(`${problem}; MP4 holds AAC, Opus and PCM, and WavWriter takes calls and G.711`)
  }
  const pcm = PCM_CODECS[`${format}-${bitDepth}`]
  if (pcm === undefined || sampleRate <= 0 || channels <= 0) {
    return new Unfit(`PCM of ${bitDepth} bits (${codecId}) at ${sampleRate} Hz is not written to MP4`)
  }
  const frameBytes = (channels * bitDepth) / 8
  return {
    ...{ type: 'audio', track, codec: pcm, timescale: sampleRate, codecString: 'ipcm' },
    config: { codec: pcm, sampleRate, numberOfChannels: channels },
    samplesOf: data => Math.floor(data.length / frameBytes),
  }
}

const PCM_CODECS: Readonly<Record<string, AudioCodec>> = {
  'int-le-16': 'pcm-s16',
  'int-le-24': 'pcm-s24',
  'int-le-32': 'pcm-s32',
  'int-be-16': 'pcm-s16be',
  'int-be-24': 'pcm-s24be',
  'int-be-32': 'pcm-s32be',
  'float-32': 'pcm-f32',
  'float-64': 'pcm-f64',
}

/** What `withVideoSettings` adds for a track. */
export function videoSettingsOf({ type, track }: Mp4Track): VideoSettings | undefined {
  return type === 'video' ? track.video : undefined
}

/** A track's name and language, as far as MP4 can say them. */
export function namesOf({ track: { name, language } }: Mp4Track): { name?: string; languageCode?: string } {
  return {
    ...(name === undefined ? {} : { name }),
    ...(/^[a-z]{3}$/.test(language) ? { languageCode: language } : {}),
  }
}
