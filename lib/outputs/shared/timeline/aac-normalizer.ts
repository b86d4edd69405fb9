import type { FragmentFrame } from '../../../get-media/events.ts'
import { type AdtsFrame, adtsConfig, adtsFrames, damagedAdtsFrame } from '../../../matroska/codecs/adts.ts'
import { audioConfigOf, readCodecData } from '../../../matroska/codecs/codec-data.ts'
import type { Track } from '../../../matroska/reader/tracks.ts'
import { OutputError } from '../output-error.ts'

type AacTrack = {
  /** As the fragment declares it. */
  readonly declared: Track
  /** `undefined` before its first frame. */
  isAdts: boolean | undefined
}

/** Frames that are held until the first frame of an AAC track without a configuration has come. */
const MAX_HELD_FRAMES = 256
const MAX_HELD_BYTES = 16 * 1024 * 1024
const AAC_FRAME_SAMPLES = 1024

/**
 * Turns every form of AAC in Matroska into the one that containers hold: raw frames, and a track `A_AAC` with an
 * AudioSpecificConfig. Frames lose their ADTS headers; a track without a configuration gets the one that its first frame's
 * header, or its older codec id, tells. Other tracks and their frames pass untouched.
 *
 * Each fragment decides again, by the first frame of each AAC track. Only where a track has no configuration are frames held
 * until then: up to 256 frames or 16 MiB.
 */
export class AacNormalizer {
  readonly #output: string
  #tracks: readonly Track[] = []
  #aac: ReadonlyMap<number, AacTrack> = new Map()
  /** Tracks without a configuration whose first frame has not come. */
  readonly #undecided = new Set<number>()
  #held: FragmentFrame[] = []
  #heldBytes = 0

  /** `output` is the class that writes, for errors. */
  constructor(output: string) {
    this.#output = output
  }

  /** The fragment's tracks as they are to be written; final once `push` has returned a frame. */
  get tracks(): readonly Track[] {
    return this.#tracks
  }

  /** Whether `push` would return the frame as it is, at once: true of nearly all. */
  passes(frame: FragmentFrame): boolean {
    if (this.#aac.size === 0) return true
    if (this.#undecided.size > 0 || this.#held.length > 0) return false
    const track = this.#aac.get(frame.track)
    return track === undefined || track.isAdts === false
  }

  /** Nothing may be held. */
  startFragment(tracks: readonly Track[]): void {
    const aac = tracks.filter(({ codecId, encrypted }) => codecId.startsWith('A_AAC') && !encrypted)
    this.#aac = new Map(aac.map(track => [track.number, { declared: track, isAdts: undefined }]))
    this.#undecided.clear()
    for (const { number, codec } of aac) if (codec.kind !== 'aac') this.#undecided.add(number)
    this.#setTracks(tracks.map(track => (this.#aac.has(track.number) ? withOwnConfig(track) : track)))
  }

  /** Takes a frame of the fragment; returns it, and those held before it, as they are to be written. Throws `OutputError`. */
  push(frame: FragmentFrame): FragmentFrame[] {
    const track = this.#aac.get(frame.track)
    if (track !== undefined && track.isAdts === undefined && frame.data.length > 0) this.#decide(track, frame)
    if (this.#held.length === 0 && this.#undecided.size === 0) return this.#rawFrames(frame)
    this.#held.push(frame)
    this.#heldBytes += frame.data.length
    const isFull = this.#held.length >= MAX_HELD_FRAMES || this.#heldBytes >= MAX_HELD_BYTES
    return isFull || this.#undecided.size === 0 ? this.flush() : []
  }

  /** The frames that are held: the fragment is over, or nothing more comes. */
  flush(): FragmentFrame[] {
    if (this.#held.length === 0) return []
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    this.#undecided.clear()
    return held.flatMap(frame => this.#rawFrames(frame))
  }

  #decide(track: AacTrack, { data }: FragmentFrame): void {
    const [first] = adtsFrames(data) ?? []
    const { declared } = track
    track.isAdts = first !== undefined
    if (!this.#undecided.delete(declared.number) || first === undefined) return
    const described = withHeadersConfig(declared, first)
    this.#setTracks(this.#tracks.map(each => (each.number === declared.number ? described : each)))
  }

  /** Keeps the array where nothing has changed: outputs compare it first. */
  #setTracks(tracks: readonly Track[]): void {
    const isSame =
      tracks.length === this.#tracks.length && tracks.every((track, index) => track === this.#tracks[index])
    if (!isSame) this.#tracks = tracks
  }

  #rawFrames(frame: FragmentFrame): FragmentFrame[] {
    if (this.#aac.get(frame.track)?.isAdts !== true) return [frame]
    const damaged = () => {
      const found = damagedAdtsFrame(frame.data)
      return found && [found]
    }
    const frames = adtsFrames(frame.data) ?? damaged()
    if (frames === undefined) return [frame]
    for (const { rawDataBlocks } of frames)
      if (rawDataBlocks > 1) throw this.#inseparable(frame, rawDataBlocks)
    return frames.map((adts, index) => rawFrame(frame, adts, index, frames.length))
  }

  #inseparable({ track, timestampMs }: FragmentFrame, blocks: number): OutputError {
    const problem = `the ADTS frame of track ${track} at ${timestampMs} ms holds ${blocks} raw data blocks, which cannot be told apart`
    return new OutputError(this.#output, `${problem}; ElementaryStream writes them as they are`)
  }
}

/** By its CodecPrivate, or by one of the older codec ids. */
function withOwnConfig(track: Track): Track {
  const { codec, codecId, codecPrivate, audio } = track
  if (codec.kind !== 'aac' || codecId === 'A_AAC') return track
  return { ...track, codecId: 'A_AAC', codecPrivate: audioConfigOf(codecId, codecPrivate, audio) }
}

function withHeadersConfig(track: Track, frame: AdtsFrame): Track {
  const codecPrivate = adtsConfig(frame)
  if (codecPrivate !== undefined) {
    return { ...track, codecId: 'A_AAC', codecPrivate, codec: readCodecData('A_AAC', codecPrivate) }
  }
  const problem = `${track.codecId} has no AudioSpecificConfig, and its ADTS headers do not tell its channels`
  return { ...track, codec: { kind: 'unreadable', problem } }
}

function rawFrame(frame: FragmentFrame, adts: AdtsFrame, index: number, count: number): FragmentFrame {
  const { type, fragmentNumber, track, keyframe, invisible, discardable, discardPaddingNs } = frame
  const facts = { type, fragmentNumber, track, keyframe, invisible, discardable, data: adts.data }
  const hasPadding = discardPaddingNs !== undefined && index === (discardPaddingNs > 0 ? count - 1 : 0)
  const padding = hasPadding ? { discardPaddingNs } : {}
  if (count === 1) {
    const { timestampMs, durationMs, laceIndex, wallClock } = frame
    return { ...facts, timestampMs, durationMs, laceIndex, wallClock, ...padding }
  }
  // Several frames in one block follow each other as those of a lace do.
  const durationMs = (AAC_FRAME_SAMPLES * 1000) / adts.sampleRateHz
  const laterMs = index * durationMs
  return {
    ...facts,
    timestampMs: frame.timestampMs + laterMs,
    durationMs,
    laceIndex: 0,
    wallClock: frame.wallClock && new Date(frame.wallClock.getTime() + laterMs),
    ...padding,
  }
}
