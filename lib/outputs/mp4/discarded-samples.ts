import type { FragmentFrame } from '../../get-media/events.ts'
import type { Mp4Track } from './mp4-track.ts'

/**
 * The samples of a decoded audio frame that DiscardPadding hides. PCM is written as samples, which MP4 counts: none of
 * them is hidden.
 */
export function discardedSamples(
  mp4: Mp4Track,
  { discardPaddingNs = 0 }: FragmentFrame,
): { readonly atStart: number; readonly atEnd: number } {
  if (discardPaddingNs === 0 || mp4.type !== 'audio' || mp4.codec.startsWith('pcm')) return NONE
  const samples = Math.round((Math.abs(discardPaddingNs) * mp4.timescale) / 1e9)
  return discardPaddingNs < 0 ? { atStart: samples, atEnd: 0 } : { atStart: 0, atEnd: samples }
}

const NONE = { atStart: 0, atEnd: 0 }
