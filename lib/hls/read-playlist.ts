import type { PlaylistFacts, Segment } from './playlist.ts'

const DATE = '#EXT-X-PROGRAM-DATE-TIME:'

/** What a playlist says that `Playlist` has written; `undefined` where the text is none, or another program's. */
export function readPlaylist(text: string): PlaylistFacts | undefined {
  const numberOf = (tag: string) => new RegExp(`^#EXT-X-${tag}:(\\d+)$`, 'm').exec(text)?.[1]
  const mediaSequence = numberOf('MEDIA-SEQUENCE')
  if (!text.startsWith('#EXTM3U\n') || !text.endsWith('\n') || mediaSequence === undefined) return undefined
  const segments = readSegments(text)
  if (segments === undefined) return undefined
  return {
    mediaSequence: Number(mediaSequence),
    discontinuitySequence: Number(numberOf('DISCONTINUITY-SEQUENCE') ?? 0),
    segments,
  }
}

function readSegments(text: string): Segment[] | undefined {
  const startsWithKeyframe = /^#EXT-X-INDEPENDENT-SEGMENTS$/m.test(text)
  const segments: Segment[] = []
  let initUri: string | undefined
  let facts: { startedAt?: Date; durationMs?: number; isDiscontinuous?: true } = {}
  for (const line of text.split('\n')) {
    if (line === '#EXT-X-DISCONTINUITY') facts.isDiscontinuous = true
    else if (line.startsWith(DATE)) facts.startedAt = new Date(line.slice(DATE.length))
    else if (line.startsWith('#EXTINF:'))
      facts.durationMs = Math.round(Number.parseFloat(line.slice(8)) * 1000)
    initUri = /^#EXT-X-MAP:URI="(init-\d+\.mp4)"$/.exec(line)?.[1] ?? initUri
    if (line === '' || line.startsWith('#')) continue
    const { startedAt = null, durationMs = Number.NaN, isDiscontinuous = false } = facts
    facts = {}
    const isOurs = /^segment-\d{6,}\.m4s$/.test(line) && initUri !== undefined
    if (!isOurs || Number.isNaN(durationMs) || Number.isNaN(startedAt?.getTime())) return undefined
    segments.push({
      uri: line,
      initUri: initUri!,
      durationMs,
      startedAt,
      startsWithKeyframe,
      isDiscontinuous,
    })
  }
  return segments
}
