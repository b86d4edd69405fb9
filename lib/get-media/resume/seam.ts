import type { FragmentEnd, FragmentEvent, FragmentFrame, FragmentStart } from '../events.ts'
import {
  compareFragmentNumbers,
  DeliveredFragment,
  type WholeFragment,
  wholeFragment,
} from './delivered-fragment.ts'
import { frameDifference, framePrint } from './frame-print.ts'
import { discontinuityOf, gapBetween } from './losses.ts'

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
  /** Frames of the present session that were left out. */
  framesLeftOut = 0
  readonly #lowestNumber: string | null
  /** The highest fragment that earlier sessions delivered whole. */
  #deliveredUpTo: string | null = null
  /** The fragment of the present session under way. */
  #current: Current = NO_FRAGMENT
  #currentNumber: string | null = null
  /** A gap may lie before the next new fragment: the session started by less than a token or number. */
  #mayHaveGap = false
  #out: FragmentEvent[] = []

  /** Fragments below `lowestNumber` are left out: a start by time may begin before the fragment that was asked for. */
  constructor(lowestNumber: string | null) {
    this.#lowestNumber = lowestNumber
  }

  /** A new session begins. `isExact`: it starts by a token or number, right behind the last whole fragment. */
  beginSession(isExact: boolean): void {
    const last = this.whole?.fragmentNumber ?? null
    if (!isAtMost(last, this.#deliveredUpTo)) this.#deliveredUpTo = last ?? this.#deliveredUpTo
    this.#current = NO_FRAGMENT
    this.#mayHaveGap = !isExact && this.whole !== undefined
    this.framesLeftOut = 0
  }

  /** Where the present session is: inside a fragment, past an open one that it did not send again, or with nothing open. */
  get position(): 'fragment' | 'open' | 'nothing' {
    const { mode } = this.#current
    if (mode !== 'none' && mode !== 'known-ended') return 'fragment'
    return this.partial === undefined ? 'nothing' : 'open'
  }

  /** The number of the fragment that the present session was in last. */
  get fragmentNumber(): string | null {
    return this.#currentNumber
  }

  /**
   * Whether an event is the next frame of the fragment that the reader is being given: it gets it as it is. So are nearly
   * all; `take` would make a list for each.
   */
  passes(event: FragmentEvent): boolean {
    if (event.type !== 'frame' || this.#current !== DELIVERING) return false
    this.partial?.add(event)
    return true
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
      case 'warning':
        // The reader has those of a fragment that is sent again.
        if (this.#current === DELIVERING || this.#current === AFTER_FRAGMENT) this.#out.push(event)
        break
      default:
        if (this.#current.mode !== 'known' && this.#current.mode !== 'known-ended') this.#out.push(event)
    }
    return this.#out
  }

  /** No session will send the rest of the open fragment: what the reader is to get in place of its end. */
  giveUpOpen(): readonly FragmentEvent[] {
    const lost = this.partial
    this.partial = undefined
    return lost === undefined ? [] : [discontinuityOf(lost, 'lost', NOT_SENT_AGAIN)]
  }

  #start(start: FragmentStart): void {
    this.#currentNumber = start.fragmentNumber
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
    if (number === null) return false
    if (number === this.whole?.fragmentNumber || isAtMost(number, this.#deliveredUpTo)) return true
    const lowest = this.partial?.start.fragmentNumber ?? this.#lowestNumber
    return isAtMost(number, lowest) && !isAtMost(lowest, number)
  }

  #startNew(start: FragmentStart): void {
    const lost = this.partial
    if (lost !== undefined) this.#out.push(discontinuityOf(lost, 'lost', NOT_SENT_AGAIN))
    if (lost !== undefined || this.#mayHaveGap) this.#out.push(gapBetween(lost ?? this.whole!, start))
    this.#mayHaveGap = false
    this.#deliverStart(new DeliveredFragment(start))
  }

  #deliverStart(fragment: DeliveredFragment): void {
    this.partial = fragment
    this.#current = DELIVERING
    this.#out.push(fragment.start)
  }

  #frame(frame: FragmentFrame): void {
    const current = this.#current
    if (current.mode === 'again') this.#frameAgain(frame, current)
    else if (current.mode === 'delivering') this.#deliver(frame)
    else if (current.mode === 'known') this.framesLeftOut++
    else throw new TypeError('an attempt gave a frame outside of a fragment')
  }

  #deliver(frame: FragmentFrame): void {
    this.partial?.add(frame)
    this.#out.push(frame)
  }

  #frameAgain(frame: FragmentFrame, again: Again): void {
    const before = this.partial!.frames[again.seen]
    if (before === undefined) {
      this.#current = DELIVERING
      this.#deliver(frame)
      return
    }
    const difference = frameDifference(before, framePrint(frame))
    if (difference === undefined) {
      again.seen++
      this.framesLeftOut++
      return
    }
    this.#changed(again, `its frame ${again.seen + 1} has ${difference}`)
    this.#deliver(frame)
  }

  /** The fragment is not what it was: it ends for the reader, and begins anew with the first frame that differs. */
  #changed(again: Again, why: string): void {
    const partial = this.partial!
    this.#out.push(discontinuityOf(partial, 'changed', why))
    this.#deliverStart(new DeliveredFragment(again.start, partial.frames.slice(0, again.seen)))
  }

  #end(end: FragmentEnd): void {
    const current = this.#current
    if (current.mode === 'known') this.#current = this.#isKnownCut(end) ? CUT : KNOWN_ENDED
    else if (current.mode === 'delivering') this.#endOpen(end, undefined)
    else if (current.mode === 'again') this.#endOpen(end, current)
  }

  #endOpen(end: FragmentEnd, again: Again | undefined): void {
    const missing = again === undefined ? 0 : this.partial!.frames.length - again.seen
    if (this.#mayBeCut(end, missing)) {
      this.#current = CUT
      return
    }
    if (again !== undefined && missing > 0) this.#changed(again, `it now ends after ${again.seen} frames`)
    this.#current = AFTER_FRAGMENT
    this.whole = wholeFragment(this.partial!, end)
    this.partial = undefined
    this.#out.push(end)
  }

  /** The reader has it whole, and now it breaks off: what follows it is not the end of the media. */
  #isKnownCut(end: FragmentEnd): boolean {
    const wasSoBefore = end.fragmentNumber === this.whole?.fragmentNumber && !this.whole?.continuationToken
    return isWithoutToken(end) && !wasSoBefore
  }

  /**
   * A payload that ends between two elements looks whole, but without its token the fragment may have been cut
   * there. It is taken as whole only when so many sessions have ended behind the very same frame.
   */
  #mayBeCut(end: FragmentEnd, missing: number): boolean {
    if (!isWithoutToken(end)) return false
    if (missing > 0) return true
    this.partial!.looksAtEnd++
    return this.partial!.looksAtEnd < LOOKS_FOR_WHOLE
  }
}

type Again = { readonly mode: 'again'; readonly start: FragmentStart; seen: number }
type Current =
  | Again
  /** Between fragments. */
  | { readonly mode: 'none' }
  /** The reader has it whole, or did not ask for it. */
  | { readonly mode: 'known' }
  | { readonly mode: 'known-ended' }
  | { readonly mode: 'delivering' }
  /** It ended with the payload, and may have been cut there. */
  | { readonly mode: 'cut' }

const NO_FRAGMENT: Current = { mode: 'none' }
/** Behind a fragment that was delivered to its end in this session. */
const AFTER_FRAGMENT: Current = { mode: 'none' }
const KNOWN: Current = { mode: 'known' }
const KNOWN_ENDED: Current = { mode: 'known-ended' }
const DELIVERING: Current = { mode: 'delivering' }
const CUT: Current = { mode: 'cut' }

const LOOKS_FOR_WHOLE = 5
const NOT_SENT_AGAIN = 'the service does not send it again'

/** Without a number it could not be asked for again, and has to be taken as it is. */
function isWithoutToken({ endedBy, continuationToken, fragmentNumber }: FragmentEnd): boolean {
  return endedBy === 'end-of-payload' && continuationToken === null && fragmentNumber !== null
}

function isAtMost(number: string | null, highest: string | null): boolean {
  const order = compareFragmentNumbers(number, highest)
  return order !== undefined && order <= 0
}
