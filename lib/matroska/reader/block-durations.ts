import type { TrackState } from './track-table.ts'

/** A block's duration is in whole ticks, so that of a last frame may be off by as much. */
const ROUNDING_MS = 1

/**
 * How long each frame of a block lasts, in milliseconds; `undefined` where nothing tells.
 *
 * | frames | track has a DefaultDuration | durations, first that is known |
 * |---|---|---|
 * | 1 | either | BlockDuration, DefaultDuration |
 * | more | yes | DefaultDuration, equal parts of the BlockDuration |
 * | more | no | the codec, equal parts of the BlockDuration |
 *
 * For a lace with a BlockDuration, DefaultDuration and codec count where they agree with it: it may cut the last frame
 * short, as for a padded end, but no more than that.
 */
export function blockDurations(
  payloads: readonly Uint8Array[],
  track: TrackState | undefined,
  blockMs: number | undefined,
): readonly (number | undefined)[] {
  const known = payloads.map(data => track?.durationMs ?? track?.codecDurationMs?.(data))
  if (blockMs === undefined) return payloads.length === 1 ? [track?.durationMs] : known
  if (payloads.length === 1) return [blockMs]
  return fitted(known, blockMs) ?? payloads.map(() => blockMs / payloads.length)
}

/** The durations with the last one shortened to what the block leaves for it; `undefined` where they contradict the block. */
function fitted(known: readonly (number | undefined)[], blockMs: number): readonly number[] | undefined {
  const durations = known.filter(ms => ms !== undefined)
  if (durations.length < known.length) return undefined
  const last = durations.at(-1)!
  const leftMs = blockMs - durations.slice(0, -1).reduce((sum, ms) => sum + ms, 0)
  if (Math.abs(leftMs - last) <= ROUNDING_MS) return durations
  return leftMs > 0 && leftMs < last ? durations.with(-1, leftMs) : undefined
}
