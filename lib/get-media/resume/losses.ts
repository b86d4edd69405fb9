import type { Discontinuity, FragmentStart, Gap } from '../events.ts'
import { DeliveredFragment, type WholeFragment } from './delivered-fragment.ts'

/** In place of the end of a fragment that was delivered in part. `why` completes the message. */
export function discontinuityOf(
  fragment: DeliveredFragment,
  reason: Discontinuity['reason'],
  why: string,
): Discontinuity {
  const { fragmentNumber } = fragment.start
  const framesDelivered = fragment.frames.length
  const message = `fragment ${fragmentNumber} breaks off after ${framesDelivered} frames: ${why}`
  return { type: 'discontinuity', fragmentNumber, reason, framesDelivered, message }
}

/** Between the last fragment delivered, whole or in part, and the next one to be had. */
export function gapBetween(before: WholeFragment | DeliveredFragment, next: FragmentStart): Gap {
  const { fragmentNumber, serverTimestamp, producerTimestamp } =
    before instanceof DeliveredFragment ? before.start : before
  const serverGapMs = gapMs(serverTimestamp, before.durationMs, next.serverTimestamp)
  const producerGapMs = gapMs(producerTimestamp, before.durationMs, next.producerTimestamp)
  const sizeMs = producerGapMs ?? serverGapMs
  const size = sizeMs === null ? '' : ` (${sizeMs} ms)`
  const message = `media between fragments ${fragmentNumber} and ${next.fragmentNumber} are not to be had${size}`
  const numbers = { afterFragmentNumber: fragmentNumber, beforeFragmentNumber: next.fragmentNumber }
  return { type: 'gap', ...numbers, serverGapMs, producerGapMs, message }
}

function gapMs(before: Date | null, durationMs: number, next: Date | null): number | null {
  if (before === null || next === null) return null
  return Math.max(0, Math.round(next.getTime() - before.getTime() - durationMs))
}
