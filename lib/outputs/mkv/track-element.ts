import { languageElementId } from '../../matroska/reader/track-entry.ts'
import type {
  AudioSettings,
  ColourSettings,
  Track,
  TrackFlags,
  TrackType,
  VideoSettings,
} from '../../matroska/reader/tracks.ts'
import { ELEMENT_IDS as ID } from '../../matroska/schema/elements.ts'
import { binary, float, master, string, uint } from '../../matroska/writer/writer.ts'

const TRACK_TYPES: Readonly<Record<TrackType, number>> = {
  video: 1,
  audio: 2,
  complex: 3,
  logo: 16,
  subtitle: 17,
  buttons: 18,
  control: 32,
  metadata: 33,
  unknown: 33,
}

/**
 * A TrackEntry (RFC 9559, section 5.1.4.1): the fields of the `Track`, and its other elements as they were sent. Its frames
 * are written without lacing. An encrypted track has its ContentEncryption, as its frames are still encrypted.
 */
export function trackElement(track: Track, uid: bigint): Buffer {
  const { name, language, codecName, codecPrivate, video, audio } = track
  return master(
    ID.TrackEntry,
    uint(ID.TrackNumber, track.number),
    uint(ID.TrackUID, uid),
    uint(ID.TrackType, TRACK_TYPES[track.type]),
    uint(ID.FlagLacing, 0),
    ...flagElements(track.flags),
    ...optional(name, text => string(ID.Name, text)),
    string(languageElementId(language), language),
    string(ID.CodecID, track.codecId),
    ...optional(codecName, text => string(ID.CodecName, text)),
    ...optional(codecPrivate, bytes => binary(ID.CodecPrivate, bytes)),
    ...optional(track.defaultDurationMs, ms => nanoseconds(ID.DefaultDuration, ms)),
    ...optional(track.codecDelayMs, ms => nanoseconds(ID.CodecDelay, ms)),
    ...optional(track.seekPreRollMs, ms => nanoseconds(ID.SeekPreRoll, ms)),
    ...optional(video, videoElement),
    ...optional(audio, audioElement),
    ...others(track),
  )
}

/** A UID for each track: its own, or where it has none, or one that another has, one that is free. None may be zero. */
export function trackUids(tracks: readonly Track[]): bigint[] {
  const taken = new Set<bigint>([0n])
  const own = tracks.map(({ uid = 0n }) => {
    if (taken.has(uid)) return undefined
    taken.add(uid)
    return uid
  })
  return own.map((uid, index) => {
    if (uid !== undefined) return uid
    let free = BigInt(tracks[index]!.number)
    while (taken.has(free)) free++
    taken.add(free)
    return free
  })
}

function optional<T>(value: T | undefined, make: (value: T) => Buffer): Buffer[] {
  return value === undefined ? [] : [make(value)]
}

function others({ otherElements }: { readonly otherElements?: Uint8Array | undefined }): Uint8Array[] {
  return otherElements === undefined ? [] : [otherElements]
}

const MOST_NS = 2n ** 64n - 1n

function nanoseconds(id: number, ms: number): Buffer {
  const ns = BigInt(Math.round(ms * 1e6))
  // The largest number is no more exact than this as milliseconds.
  return uint(id, ns > MOST_NS ? MOST_NS : ns)
}

/** Those that differ from what a player takes for granted. */
function flagElements(flags: TrackFlags): Buffer[] {
  const values: [id: number, value: boolean | undefined, usual: boolean | undefined][] = [
    [ID.FlagEnabled, flags.enabled, true],
    [ID.FlagDefault, flags.default, true],
    [ID.FlagForced, flags.forced, false],
    [ID.FlagHearingImpaired, flags.hearingImpaired, undefined],
    [ID.FlagVisualImpaired, flags.visualImpaired, undefined],
    [ID.FlagTextDescriptions, flags.textDescriptions, undefined],
    [ID.FlagOriginal, flags.original, undefined],
    [ID.FlagCommentary, flags.commentary, undefined],
  ]
  return values.flatMap(([id, value, usual]) => (value === usual ? [] : [uint(id, value ? 1 : 0)]))
}

function videoElement(video: VideoSettings): Buffer {
  return master(
    ID.Video,
    uint(ID.PixelWidth, video.pixelWidth),
    uint(ID.PixelHeight, video.pixelHeight),
    ...optional(video.displayWidth, width => uint(ID.DisplayWidth, width)),
    ...optional(video.displayHeight, height => uint(ID.DisplayHeight, height)),
    ...optional(video.colour, colourElement),
    ...others(video),
  )
}

function colourElement(colour: ColourSettings): Buffer {
  return master(
    ID.Colour,
    uint(ID.MatrixCoefficients, colour.matrixCoefficients),
    uint(ID.BitsPerChannel, colour.bitsPerChannel),
    uint(ID.Range, colour.range),
    uint(ID.TransferCharacteristics, colour.transferCharacteristics),
    uint(ID.Primaries, colour.primaries),
    ...others(colour),
  )
}

function audioElement(audio: AudioSettings): Buffer {
  return master(
    ID.Audio,
    float(ID.SamplingFrequency, audio.samplingFrequencyHz),
    uint(ID.Channels, audio.channels),
    ...optional(audio.bitDepth, depth => uint(ID.BitDepth, depth)),
    ...others(audio),
  )
}
