import type { FragmentFrame } from '../../get-media/events.ts'
import { annexBUnits, frameUnits, isAnnexB, nalRole, toAnnexB } from '../../matroska/codecs/nal-units.ts'
import { type RandomAccessJudge, randomAccessJudge } from '../../matroska/codecs/random-access.ts'
import type { Track } from '../../matroska/reader/tracks.ts'
import { OutputError } from '../shared/output-error.ts'
import { nalKind } from './elementary-format.ts'
import type { FrameWriter } from './frame-writer.ts'
import { describe } from './track-choice.ts'

/** Without an AVCDecoderConfigurationRecord there is nothing else that a length could be. */
const USUAL_LENGTH_SIZE = 4

/**
 * H.264 and H.265 in Annex B (ISO/IEC 14496-10 and 23008-2): start codes for lengths, and the CodecPrivate's parameter sets
 * before each keyframe that does not carry its own, behind its access unit delimiter.
 */
export class AnnexBWriter implements FrameWriter {
  readonly #output: string
  readonly #kind: 'h264' | 'h265'
  readonly #setRoles: readonly string[]
  readonly #startsAtKeyframe: boolean
  #track: Track
  #judge: RandomAccessJudge
  #sets: readonly Uint8Array[] = []
  #lengthSize = USUAL_LENGTH_SIZE
  #hasBegun = false
  /** At the start, and where the codec data have changed. */
  #needsSets = true

  constructor(output: string, track: Track, startsAtKeyframe: boolean) {
    this.#output = output
    this.#kind = nalKind(track.codecId) ?? 'h264'
    this.#setRoles = this.#kind === 'h264' ? ['sps', 'pps'] : ['vps', 'sps', 'pps']
    this.#startsAtKeyframe = startsAtKeyframe
    this.#track = track
    this.#judge = randomAccessJudge(track)
    this.setTrack(track)
  }

  setTrack(track: Track): void {
    const { codec, codecPrivate } = track
    this.#track = track
    this.#judge = randomAccessJudge(track)
    this.#needsSets = true
    if (codec.kind === 'h264') this.#sets = [...codec.sps, ...codec.pps]
    else if (codec.kind === 'h265') this.#sets = [...codec.vps, ...codec.sps, ...codec.pps]
    // Producers that send Annex B may have their parameter sets so too.
    else this.#sets = codecPrivate !== undefined && isAnnexB(codecPrivate) ? annexBUnits(codecPrivate) : []
    this.#lengthSize = 'nalLengthSize' in codec ? codec.nalLengthSize : USUAL_LENGTH_SIZE
  }

  write(fragmentFrame: FragmentFrame): Uint8Array | undefined {
    const { data, fragmentNumber } = fragmentFrame
    const frame = frameUnits(data, this.#lengthSize)
    if (frame === undefined) {
      const lengths = `${this.#lengthSize}-byte lengths of NAL units do not add up to the frame's ${data.length} bytes`
      const where = `in fragment ${fragmentNumber ?? 'without a number'}, track ${describe(this.#track)}`
      throw new OutputError(
        this.#output,
        `${lengths} ${where}, and it is not Annex B; write the frames with MkvFileSink`,
      )
    }
    const roles = frame.units.map(unit => nalRole(this.#kind, unit))
    const hasSets = this.#setRoles.every(set => roles.some(role => role === set))
    const isKeyframe = this.#judge(fragmentFrame) !== 'none'
    if (!this.#hasBegun && !this.#canBegin(isKeyframe, hasSets)) return undefined
    this.#hasBegun = true
    const sets = !hasSets && (isKeyframe || this.#needsSets) ? this.#sets : []
    this.#needsSets = false
    const delimiters = roles[0] === 'delimiter' ? 1 : 0
    if (!frame.isAnnexB) return toAnnexB(frame.units.toSpliced(delimiters, 0, ...sets))
    if (sets.length === 0) return data
    const [first = data] = frame.units
    const cut = delimiters === 0 ? 0 : first.byteOffset + first.length - data.byteOffset
    return Buffer.concat([data.subarray(0, cut), toAnnexB(sets), data.subarray(cut)])
  }

  #canBegin(isKeyframe: boolean, hasSets: boolean): boolean {
    return !this.#startsAtKeyframe || (isKeyframe && (hasSets || this.#sets.length > 0))
  }

  /** What kept the output from beginning. */
  get problem(): string {
    const { codec } = this.#track
    const reason = codec.kind === 'unreadable' ? ` (${codec.problem})` : ''
    return `no keyframe with its parameter sets${reason}; with \`startAtKeyframe: false\` all frames are written`
  }
}
