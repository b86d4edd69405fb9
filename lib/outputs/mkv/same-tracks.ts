import type { Track } from '../../mkv/tracks.ts'

/**
 * Whether two sets of tracks may stand under one header: the same numbers, codecs, codec data, names and settings, in
 * any order. Their UIDs do not count, since a muxer draws new ones each time it starts.
 */
export function sameTracks(some: readonly Track[], others: readonly Track[]): boolean {
  if (some === others) return true
  if (some.length !== others.length) return false
  const byNumber = new Map(others.map(track => [track.number, track]))
  return some.every(track => {
    const other = byNumber.get(track.number)
    return other !== undefined && identity(track) === identity(other)
  })
}

function identity(track: Track): string {
  const { type, codecId, name, language, defaultDurationMs, video, audio, encrypted, codecPrivate } = track
  const privateHex = codecPrivate && Buffer.from(codecPrivate).toString('hex')
  return JSON.stringify([
    type,
    codecId,
    name ?? null,
    language,
    defaultDurationMs ?? null,
    encrypted,
    privateHex ?? null,
    video && [video.pixelWidth, video.pixelHeight, video.displayWidth ?? null, video.displayHeight ?? null],
    audio && [audio.samplingFrequencyHz, audio.channels, audio.bitDepth ?? null],
  ])
}
