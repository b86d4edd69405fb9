import type { Track } from '../../../matroska/reader/tracks.ts'

/**
 * Whether two sets of tracks may stand under one header: the same numbers, codecs, codec data, names, flags and
 * settings, in any order, known to getmedia or not. Their UIDs do not count, since a muxer draws new ones each time it starts.
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

function identity({ uid: _drawn, number: _known, codec: _inCodecPrivate, ...told }: Track): string {
  return JSON.stringify(told, (_key, value: unknown) =>
    value instanceof Uint8Array
      ? Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex')
      : value,
  )
}
