import type { FragmentFrame } from '../../get-media/events.ts'
import { type AdtsConfig, readAacFrameSamples, readAdtsConfig } from '../../matroska/codecs/aac.ts'
import { adtsFrames } from '../../matroska/codecs/adts.ts'
import { audioConfigOf } from '../../matroska/codecs/codec-data.ts'
import type { Track } from '../../matroska/reader/tracks.ts'
import { OutputError } from '../shared/output-error.ts'
import type { FrameWriter } from './frame-writer.ts'
import { describe } from './track-choice.ts'

const HEADER_BYTES = 7
/** A frame's length with its header has 13 bits. */
const MOST_FRAME_BYTES = 8191
const MOST_OBJECT_TYPE = 4
const MOST_SAMPLE_RATE_INDEX = 12
/** Of every frame in ADTS; its header cannot say 960. */
const FRAME_SAMPLES = 1024

/**
 * AAC in ADTS (ISO/IEC 14496-3, section 1.A.2.2): a header of seven bytes, without CRC, before each frame. SBR and PS are
 * written as the core that they extend, where decoders find them. Frames that have such a header pass as they are.
 */
export class AdtsWriter implements FrameWriter {
  readonly problem = 'no frames'
  readonly #output: string
  #track: Track
  #config: AdtsConfig | undefined
  #frameSamples = FRAME_SAMPLES

  constructor(output: string, track: Track) {
    this.#output = output
    this.#track = track
    this.setTrack(track)
  }

  setTrack(track: Track): void {
    this.#track = track
    const config = audioConfigOf(track.codecId, track.codecPrivate, track.audio)
    this.#config = config && readAdtsConfig(config)
    this.#frameSamples = (config && readAacFrameSamples(config)) ?? FRAME_SAMPLES
  }

  write({ data }: FragmentFrame): Uint8Array {
    if (adtsFrames(data) !== undefined) return data
    const header = adtsHeader(this.#fittingConfig(), this.#frameBytes(data))
    return Buffer.concat([header, data])
  }

  #fittingConfig(): AdtsConfig {
    const config = this.#config
    if (config === undefined) {
      const { codec } = this.#track
      const problem = codec.kind === 'unreadable' ? codec.problem : 'the core of its SBR is missing'
      throw this.#error(`${problem}; pass \`format: 'pcm'\` if its samples are PCM, as Amazon Connect's are`)
    }
    const { objectType, sampleRateIndex, channelConfiguration } = config
    if (objectType > MOST_OBJECT_TYPE) throw this.#unfit(`AAC object type ${objectType}`)
    if (sampleRateIndex > MOST_SAMPLE_RATE_INDEX) throw this.#unfit('a sample rate that has no index')
    if (this.#frameSamples !== FRAME_SAMPLES)
      throw this.#unfit(`frames of ${this.#frameSamples} samples, since all of its have ${FRAME_SAMPLES}`)
    if (channelConfiguration === 0 || channelConfiguration > 7) {
      throw this.#unfit(`channel configuration ${channelConfiguration}`)
    }
    return config
  }

  #frameBytes(data: Uint8Array): number {
    const bytes = HEADER_BYTES + data.length
    if (bytes > MOST_FRAME_BYTES) throw this.#unfit(`a frame of ${data.length} bytes`)
    return bytes
  }

  #unfit(what: string): OutputError {
    return this.#error(`ADTS has no room for ${what}; use MkvFileSink or Mp4FileSink`)
  }

  #error(problem: string): OutputError {
    return new OutputError(this.#output, `track ${describe(this.#track)}: ${problem}`)
  }
}

/** MPEG-4, no CRC, one raw data block, and a buffer fullness of "variable rate". */
function adtsHeader(
  { objectType, sampleRateIndex, channelConfiguration }: AdtsConfig,
  bytes: number,
): Uint8Array {
  return Uint8Array.of(
    0xff,
    0xf1,
    ((objectType - 1) << 6) | (sampleRateIndex << 2) | (channelConfiguration >> 2),
    ((channelConfiguration & 0x03) << 6) | (bytes >> 11),
    (bytes >> 3) & 0xff,
    ((bytes & 0x07) << 5) | 0x1f,
    0xfc,
  )
}
