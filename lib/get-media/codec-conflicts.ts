import { parseMimeType } from '../core/mime-type.ts'
import type { Track } from '../matroska/reader/tracks.ts'

/**
 * Two facts about a track's codec that cannot both be true. Kinesis Video passes on whatever the producer wrote:
 * Amazon Connect, for one, marks raw 16-bit PCM as `A_AAC`, and only its MimeType tag is right.
 */
export type CodecConflict = {
  readonly track: number
  /** What the track says of itself. */
  readonly claim: string
  /** What contradicts it. */
  readonly evidence: string
  readonly message: string
}

/** Finds conflicts; what is asked again, as from fragment to fragment, is not looked for again. */
export class ConflictFinder {
  #tracks: readonly Track[] = []
  /** By the MimeType: a fragment asks before its tags and behind them. */
  readonly #found = new Map<string | undefined, readonly CodecConflict[]>()

  /** What the tracks, and the MimeType tag where it is known, say against each other. */
  find(tracks: readonly Track[], mimeType: string | undefined): readonly CodecConflict[] {
    if (tracks !== this.#tracks || this.#found.size > MAX_MIME_TYPES) this.#found.clear()
    this.#tracks = tracks
    const known = this.#found.get(mimeType)
    if (known !== undefined) return known
    const found = findCodecConflicts(tracks, mimeType)
    this.#found.set(mimeType, found)
    return found
  }
}

/** A producer may send another with each fragment. */
const MAX_MIME_TYPES = 8

function findCodecConflicts(tracks: readonly Track[], mimeType: string | undefined): CodecConflict[] {
  return tracks.flatMap(track => [
    ...privateDataConflicts(track),
    ...(mimeType === undefined || track.type !== 'audio' ? [] : mimeTypeConflicts(track, mimeType)),
  ])
}

function privateDataConflicts(track: Track): CodecConflict[] {
  const { codec, audio, video, number, codecId } = track
  if (codec.kind === 'unreadable') return [conflict(number, codecId, codec.problem)]
  if (
    codec.kind === 'aac' &&
    audio !== undefined &&
    isOtherRate(codec.sampleRateHz, audio.samplingFrequencyHz)
  ) {
    return [
      conflict(
        number,
        `SamplingFrequency ${audio.samplingFrequencyHz} Hz`,
        `its AudioSpecificConfig says ${codec.sampleRateHz} Hz`,
      ),
    ]
  }
  if (
    codec.kind === 'wave-format' &&
    audio !== undefined &&
    codec.sampleRateHz !== audio.samplingFrequencyHz
  ) {
    return [
      conflict(
        number,
        `SamplingFrequency ${audio.samplingFrequencyHz} Hz`,
        `its WAVEFORMATEX says ${codec.sampleRateHz} Hz`,
      ),
    ]
  }
  if (codec.kind === 'bitmap-info' && video !== undefined && codec.width !== video.pixelWidth) {
    return [conflict(number, `PixelWidth ${video.pixelWidth}`, `its BITMAPINFOHEADER says ${codec.width}`)]
  }
  return []
}

/** With SBR the config holds the core's rate, half of what is heard; that is no contradiction. */
function isOtherRate(configHz: number, trackHz: number): boolean {
  return configHz !== trackHz && configHz * 2 !== trackHz && configHz !== trackHz * 2
}

function mimeTypeConflicts(track: Track, text: string): CodecConflict[] {
  const { type } = parseMimeType(text)
  const saysPcm = /^audio\/(x-)?(l\d+|pcm|raw)$/.test(type)
  const isPcm =
    track.codec.kind === 'pcm' || (track.codec.kind === 'wave-format' && track.codec.formatTag === 1)
  if (saysPcm && !isPcm) return [conflict(track.number, track.codecId, `the MimeType tag says ${text}`)]
  if (/^audio\/(x-)?(aac|mp4a?|mp4a-latm)$/.test(type) && isPcm) {
    return [conflict(track.number, track.codecId, `the MimeType tag says ${text}`)]
  }
  return []
}

function conflict(track: number, claim: string, evidence: string): CodecConflict {
  return { track, claim, evidence, message: `track ${track} is marked ${claim}, but ${evidence}` }
}
