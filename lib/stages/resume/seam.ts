import type {
  Discontinuity,
  FragmentEnd,
  FragmentEvent,
  FragmentFrame,
  FragmentStart,
  Gap,
} from '../events.ts'
import {
  compareFragmentNumbers,
  DeliveredFragment,
  type WholeFragment,
  wholeFragment,
} from './delivered-fragment.ts'
import { frameDifference, framePrint } from './frame-print.ts'

/**
 * Where sessions are joined: takes the events of one session after the other, and gives those that the reader does
 * not have yet. A fragment that was delivered whole is left out; of one that was delivered in part, frame by frame,
 * what was delivered. It holds no event back.
 */
export class Seam {
  /** The last fragment that was delivered whole. */
  whole: WholeFragment | undefined
  /** The fragment that was delivered in part, and is not over. */
  partial: DeliveredFragment | undefined
  /** Whether the present session ended without the token of its last fragment. */
  isIncomplete = false
  /** Frames of the present session that were left out. */
  framesLeftOut = 0
  readonly #lowestNumber: string | null
  /** The fragment of the present session under way. */
  #current: Current = NO_FRAGMENT
  /** A gap may lie before the next new fragment: the session started by less than a token or number. */
  #mayHaveGap = false
  #out: FragmentEvent[] = []

  /** Fragments below `lowestNumber` are left out: a start by time may begin before the fragment that was asked for. */
  constructor(lowestNumber: string | null) {
    this.#lowestNumber = lowestNumber
  }

  /** A new session begins. `isExact`: it starts by a token or number, right behind the last whole fragment. */
  beginSession(isExact: boolean): void {
    this.#current = NO_FRAGMENT
    this.#mayHaveGap = !isExact && this.whole !== undefined
    this.framesLeftOut = 0
    this.isIncomplete = false
  }

  /** What the reader is to get for an event; empty for what it has already. */
  take(event: FragmentEvent): readonly FragmentEvent[] {
    this.#out = []
    switch (event.type) {
      case 'fragment-start':
        this.#start(event)
        break
      case 'frame':
        this.#frame(event)
        break
      case 'fragment-end':
        this.#end(event)
        break
      default:
        if (this.#current.mode !== 'known') this.#out.push(event)
    }
    return this.#out
  }

  #start(start: FragmentStart): void {
    if (this.#isKnown(start.fragmentNumber)) {
      this.#mayHaveGap = false
      this.#current = KNOWN
    } else if (this.partial !== undefined && this.partial.start.fragmentNumber === start.fragmentNumber) {
      this.#mayHaveGap = false
      this.#current = { mode: 'again', start, seen: 0 }
    } else {
      this.#startNew(start)
    }
  }

  #isKnown(number: string | null): boolean {
    const toWhole = compareFragmentNumbers(number, this.whole?.fragmentNumber ?? null)
    if (toWhole !== undefined && toWhole <= 0) return true
    const lowest = this.partial?.start.fragmentNumber ?? this.#lowestNumber
    const toLowest = compareFragmentNumbers(number, lowest)
    return toLowest !== undefined && toLowest < 0
  }

  #startNew(start: FragmentStart): void {
    const lost = this.partial
    if (lost !== undefined) this.#out.push(discontinuity(lost, 'lost', 'the service does not send it again'))
    const before = lost === undefined ? this.whole : asWhole(lost)
    if ((lost !== undefined || this.#mayHaveGap) && before !== undefined) this.#out.push(gap(before, start))
    this.#mayHaveGap = false
    this.#deliverStart(new DeliveredFragment(start))
  }

  #deliverStart(fragment: DeliveredFragment): void {
    this.partial = fragment
    this.#current = DELIVERING
    this.#out.push(fragment.start)
  }

  #frame(frame: FragmentFrame): void {
    if (this.#current.mode === 'again') this.#frameAgain(frame, this.#current)
    else if (this.#current.mode === 'delivering') this.#deliver(frame)
    else this.framesLeftOut++
  }

  #deliver(frame: FragmentFrame): void {
    this.partial?.add(frame)
    this.#out.push(frame)
  }

  #frameAgain(frame: FragmentFrame, again: Again): void {
    const partial = this.partial!
    const before = partial.frames[again.seen]
    if (before === undefined) {
      this.#current = DELIVERING
      this.#deliver(frame)
      return
    }
    const difference = frameDifference(before, framePrint(frame))
    if (difference !== undefined) {
      this.#changed(again, `its frame ${again.seen + 1} has ${difference}`)
      this.#deliver(frame)
      return
    }
    again.seen++
    this.framesLeftOut++
  }

  /** The fragment is not what it was: it ends for the reader, and begins anew with the first frame that differs. */
  #changed(again: Again, why: string): void {
    const partial = this.partial!
    this.#out.push(discontinuity(partial, 'changed', why))
    this.#deliverStart(new DeliveredFragment(again.start, partial.frames.slice(0, again.seen)))
  }

  #end(end: FragmentEnd): void {
    const current = this.#current
    if (current.mode === 'known' || current.mode === 'none') return
    this.#current = NO_FRAGMENT
    this.isIncomplete = this.#mayBeCut(end)
    if (this.isIncomplete) return
    if (current.mode === 'again' && current.seen < this.partial!.frames.length) {
      this.#changed(current, `it now ends after ${current.seen} frames`)
      this.#current = NO_FRAGMENT
    }
    this.whole = wholeFragment(this.partial!, end)
    this.partial = undefined
    this.#out.push(end)
  }

  /**
   * A payload that ends between two elements looks whole, but without its token a fragment may have been cut there.
   * It is taken as whole only when a second session ends with the same number of frames.
   */
  #mayBeCut(end: FragmentEnd): boolean {
    if (end.endedBy !== 'end-of-payload' || end.continuationToken !== null || end.fragmentNumber === null)
      return false
    const partial = this.partial!
    const isTheSame = partial.frameCountAtEnd === end.frames
    partial.frameCountAtEnd = end.frames
    return !isTheSame
  }
}

type Again = { readonly mode: 'again'; readonly start: FragmentStart; seen: number }
type Current =
  | Again
  /** Between fragments. */
  | { readonly mode: 'none' }
  /** The reader has it whole, or did not ask for it. */
  | { readonly mode: 'known' }
  | { readonly mode: 'delivering' }

const NO_FRAGMENT: Current = { mode: 'none' }
const KNOWN: Current = { mode: 'known' }
const DELIVERING: Current = { mode: 'delivering' }

function discontinuity(
  fragment: DeliveredFragment,
  reason: Discontinuity['reason'],
  why: string,
): Discontinuity {
  const { fragmentNumber } = fragment.start
  const framesDelivered = fragment.frames.length
  const message = `fragment ${fragmentNumber} breaks off after ${framesDelivered} frames: ${why}`
  return { type: 'discontinuity', fragmentNumber, reason, framesDelivered, message }
}

function asWhole(fragment: DeliveredFragment): WholeFragment {
  const { fragmentNumber, serverTimestamp, producerTimestamp } = fragment.start
  return {
    fragmentNumber,
    continuationToken: null,
    serverTimestamp,
    producerTimestamp,
    durationMs: fragment.durationMs,
  }
}

function gap(before: WholeFragment, next: FragmentStart): Gap {
  const serverGapMs = gapMs(before.serverTimestamp, before.durationMs, next.serverTimestamp)
  const producerGapMs = gapMs(before.producerTimestamp, before.durationMs, next.producerTimestamp)
  const size = producerGapMs ?? serverGapMs
  const message = `media between fragments ${before.fragmentNumber} and ${next.fragmentNumber} are not to be had${size === null ? '' : ` (${size} ms)`}`
  const numbers = { afterFragmentNumber: before.fragmentNumber, beforeFragmentNumber: next.fragmentNumber }
  return { type: 'gap', ...numbers, serverGapMs, producerGapMs, message }
}

function gapMs(before: Date | null, durationMs: number, next: Date | null): number | null {
  if (before === null || next === null) return null
  return Math.max(0, Math.round(next.getTime() - before.getTime() - durationMs))
}
