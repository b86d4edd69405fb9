import { PassThrough as NativePassThrough, Readable as NativeReadable, pipeline } from 'node:stream'
import { PassThrough, Readable } from 'readable-stream'
import type { StartSelector } from '../../lib/aws/operations/start-selector.ts'
import type {
  FragmentEnd,
  FragmentEvent,
  FragmentFrame,
  FragmentStart,
  Gap,
} from '../../lib/get-media/events.ts'
import { PayloadError } from '../../lib/get-media/payload-error.ts'
import {
  type AttemptContext,
  type AttemptEvent,
  type ResumedEvent,
  type RetryEvent,
  RetryingResumer,
  type RetryingResumerOptions,
} from '../../lib/get-media/retrying-resumer.ts'
import { FakeClock } from './fake-clock.ts'

/** Attempts that break by a script, and what comes of them, for the specs of RetryingResumer. */

export const STREAM_START_MS = Date.UTC(2026, 0, 1)
/** From one fragment's start to the next one's, where a spec says nothing else. */
export const FRAGMENT_MS = 1000

export type StoredFrame = {
  readonly track?: number
  readonly timestampMs?: number
  readonly keyframe?: boolean
  readonly durationMs?: number
  readonly data?: string
}

export type StoredFragmentOptions = {
  readonly number?: string | null
  /** `null`: the service sends none. @default `t` and the number */
  readonly token?: string | null
  readonly frames?: number | readonly StoredFrame[]
  readonly atMs?: number
}

/** A fragment as the service has it. */
export type StoredFragment = {
  readonly number: string | null
  readonly token: string | null
  readonly serverTimestamp: Date
  readonly frames: readonly FragmentFrame[]
}

/** Fragments 1, 2, 3, … a second apart, of so many frames each, or as each entry says. Frame 0 of fragment 1 holds the text `1.0`. */
export function store(...entries: readonly (number | StoredFragmentOptions)[]): StoredFragment[] {
  return entries.map((entry, index) => {
    const options = typeof entry === 'number' ? { frames: entry } : entry
    const { frames = 2, atMs = STREAM_START_MS + index * FRAGMENT_MS } = options
    const number = options.number === undefined ? String(index + 1) : options.number
    const token = options.token === undefined ? `t${number}` : options.token
    const list = typeof frames === 'number' ? Array.from({ length: frames }, () => ({})) : frames
    return {
      number,
      token,
      serverTimestamp: new Date(atMs),
      frames: list.map((frame, place) => storedFrame(number, place, frame)),
    }
  })
}

function storedFrame(number: string | null, place: number, frame: StoredFrame): FragmentFrame {
  return {
    type: 'frame',
    fragmentNumber: number,
    track: frame.track ?? 1,
    timestampMs: frame.timestampMs ?? place * 40,
    wallClock: null,
    keyframe: frame.keyframe ?? place === 0,
    invisible: false,
    discardable: false,
    durationMs: frame.durationMs,
    laceIndex: 0,
    data: Buffer.from(frame.data ?? `${number}.${place}`),
  }
}

/** The events of a fragment as a session brings them, its end by the token, or by what follows. */
export function eventsOf(fragment: StoredFragment, endedBy: FragmentEnd['endedBy']): FragmentEvent[] {
  return [startOf(fragment), ...fragment.frames, endOf(fragment, fragment.token, endedBy)]
}

function startOf({ number, serverTimestamp }: StoredFragment): FragmentStart {
  return {
    type: 'fragment-start',
    fragmentNumber: number,
    producerTimestamp: serverTimestamp,
    serverTimestamp,
    producerTimestampText: null,
    serverTimestampText: null,
    tracks: [],
    tags: {},
    codecConflicts: [],
  }
}

function endOf(
  { number, frames }: StoredFragment,
  continuationToken: string | null,
  endedBy: FragmentEnd['endedBy'],
): FragmentEnd {
  return {
    type: 'fragment-end',
    fragmentNumber: number,
    continuationToken,
    millisBehindNow: 0,
    errorId: null,
    errorCode: null,
    frames: frames.length,
    bytes: frames.reduce((sum, frame) => sum + frame.data.length, 0),
    tags: {},
    events: [],
    codecConflicts: [],
    endedBy: continuationToken === null ? endedBy : 'token',
  }
}

/** What an attempt gives its events by. */
export type Vehicle =
  | 'iterable'
  | 'native'
  | 'readable-stream'
  | 'pipeline'
  | 'native pipeline'
  | 'compose'
  | 'web'

export type Step = {
  /**
   * `ends`: cleanly. `fails`: with `error`. `truncated`: the payload ends inside an element. `tokenless`: the payload
   * ends between two elements of a fragment. `closes`: with neither end nor error. `hangs`: brings nothing more.
   * `refuses`: the attempt function rejects with `error`. `throws`: it throws it.
   */
  readonly how: 'ends' | 'fails' | 'truncated' | 'tokenless' | 'closes' | 'hangs' | 'refuses' | 'throws'
  /** Events before it breaks. @default all */
  readonly after?: number
  readonly error?: unknown
  /** How long the session lasts. @default 3000 */
  readonly lastsMs?: number
  /** Puts an event in place of another, or takes it away. */
  readonly change?: (event: FragmentEvent) => FragmentEvent | undefined
  /** Fragments before this number are gone. */
  readonly oldest?: number
  /** From now on. */
  readonly fragments?: readonly StoredFragment[]
}

export type ScriptedServiceOptions = {
  /** What the sessions do, one after the other; those after the last bring all they have and end. */
  readonly script?: readonly Step[]
  readonly vehicle?: Vehicle
  readonly clock?: FakeClock
  /** When the script is over and a session has nothing to bring, it fails for good with `ScriptOver`. */
  readonly stopsAtEnd?: boolean
}

/** Every attempt was made, and all was brought: ends a stream that would go on for ever. */
export class ScriptOver extends Error {}

/** No spec needs so many sessions: it is a loop without end. */
const MOST_SESSIONS = 2000

/** A service that has fragments, and attempts on it that break as the script says. */
export class ScriptedService {
  /** Where each session started. */
  readonly starts: StartSelector[] = []
  readonly signals: AbortSignal[] = []
  /** What each session gave, in the order of `starts`; a refused session gave nothing. */
  readonly streams: (Readable | NativeReadable | undefined)[] = []
  /** Events that were taken out of the sessions. */
  pulled = 0
  #fragments: readonly StoredFragment[]
  readonly #options: ScriptedServiceOptions

  constructor(fragments: readonly StoredFragment[], options: ScriptedServiceOptions = {}) {
    this.#fragments = fragments
    this.#options = options
  }

  readonly attempt: RetryingResumerOptions['attempt'] = (startSelector, context) => {
    const step: Step = this.#options.script?.[this.starts.length] ?? { how: 'ends' }
    const isOver = this.starts.length >= (this.#options.script?.length ?? 0)
    this.starts.push(startSelector)
    this.signals.push(context.signal)
    this.streams.push(undefined)
    if (this.starts.length > MOST_SESSIONS) throw new ScriptOver('a loop without end')
    if (step.fragments !== undefined) this.#fragments = step.fragments
    if (step.how === 'throws') throw step.error
    if (step.how === 'refuses') return Promise.reject(step.error)
    const events = this.#events(startSelector, step)
    if (isOver && events.length === 0 && this.#options.stopsAtEnd) throw new ScriptOver('the script is over')
    return this.#vehicle(() => this.#play(events, step, context))
  }

  /** What is to come: the events up to the break. */
  #events(startSelector: StartSelector, step: Step): FragmentEvent[] {
    const oldest = step.oldest ?? 1
    const there = this.#fragments.filter(({ number }) => number === null || Number(number) >= oldest)
    const from = placeOf(startSelector, there, this.#fragments)
    const all = there
      .slice(from)
      .flatMap((fragment, place, rest) =>
        eventsOf(fragment, place + 1 < rest.length ? 'next-document' : 'end-of-payload'),
      )
    const changed =
      step.change === undefined ? all : all.map(step.change).filter(event => event !== undefined)
    const cut = changed.slice(0, step.after)
    const open = cut.findLast(event => event.type === 'fragment-start' || event.type === 'fragment-end')
    if (open?.type === 'fragment-start' && step.how === 'tokenless')
      cut.push(this.#tokenlessEnd(cut, open.fragmentNumber))
    if (step.how === 'truncated')
      cut.push({
        type: 'truncated',
        fragmentNumber: null,
        byteOffset: 9,
        elementPath: 'Segment/Cluster/SimpleBlock',
      })
    return cut
  }

  #tokenlessEnd(cut: readonly FragmentEvent[], number: string | null): FragmentEnd {
    const frames = cut.filter(
      (event): event is FragmentFrame => event.type === 'frame' && event.fragmentNumber === number,
    )
    return endOf({ number, token: null, serverTimestamp: new Date(0), frames }, null, 'end-of-payload')
  }

  async *#play(
    events: readonly FragmentEvent[],
    step: Step,
    context: AttemptContext,
  ): AsyncGenerator<FragmentEvent> {
    for (const event of events) {
      this.pulled++
      yield event
    }
    this.#options.clock?.advance(step.lastsMs ?? 3000)
    if (step.how === 'fails') throw step.error
    if (step.how === 'closes') this.streams.at(-1)?.destroy()
    if (step.how === 'hangs') await aborted(context.signal)
  }

  #vehicle(play: () => AsyncGenerator<FragmentEvent>): AsyncIterable<FragmentEvent> | NodeJS.ReadableStream {
    const { vehicle = 'readable-stream' } = this.#options
    if (vehicle === 'iterable') return play()
    if (vehicle === 'web') return NativeReadable.toWeb(NativeReadable.from(play()))
    const stream = streamOf(vehicle, play)
    this.streams[this.streams.length - 1] = stream
    return stream
  }
}

function streamOf(vehicle: Vehicle, play: () => AsyncGenerator<FragmentEvent>): Readable | NativeReadable {
  const options = { objectMode: true, highWaterMark: 2 }
  switch (vehicle) {
    case 'native':
      return NativeReadable.from(play(), options)
    case 'pipeline':
      return pipeline(
        NativeReadable.from(play(), options),
        new PassThrough(options) as unknown as NativePassThrough,
        () => {},
      ) as unknown as Readable
    case 'native pipeline':
      return pipeline(NativeReadable.from(play(), options), new NativePassThrough(options), () => {})
    case 'compose':
      return NativeReadable.from(play(), options).compose(new NativePassThrough(options))
    default:
      return Readable.from(play(), options)
  }
}

/** Where a session starts among the fragments that are there; throws as the service refuses. */
function placeOf(
  selector: StartSelector,
  there: readonly StoredFragment[],
  all: readonly StoredFragment[],
): number {
  const last = Math.max(0, there.length - 1)
  switch (selector.type) {
    case 'EARLIEST':
      return 0
    case 'NOW':
      return last
    case 'CONTINUATION_TOKEN':
      return placeAfter(there, all, fragment => fragment.token === selector.continuationToken)
    case 'FRAGMENT_NUMBER':
      return placeAfter(there, all, fragment => fragment.number === selector.afterFragmentNumber)
    case 'FROM_FRAGMENT':
      return placeOfFirst(there, fragment => fragment.number === selector.fragmentNumber)
    default:
      return placeByTime(there, selector.timestamp.getTime())
  }
}

function placeAfter(
  there: readonly StoredFragment[],
  all: readonly StoredFragment[],
  is: (fragment: StoredFragment) => boolean,
): number {
  // What is gone is not found; of the newest, there is nothing after it yet.
  const place = there.findIndex(is)
  if (place < 0 || all.findIndex(is) < 0) throw notFound()
  return place + 1
}

function placeOfFirst(there: readonly StoredFragment[], is: (fragment: StoredFragment) => boolean): number {
  const place = there.findIndex(is)
  if (place < 0) throw notFound()
  return place
}

/** The fragment that was being received then, else the first later one. */
function placeByTime(there: readonly StoredFragment[], atMs: number): number {
  const later = there.findIndex(fragment => fragment.serverTimestamp.getTime() > atMs)
  return Math.max(0, later < 0 ? there.length - 1 : later - 1)
}

export function notFound(): PayloadError {
  return new PayloadError(4000, 'FRAGMENT_NOT_FOUND', null)
}

/** Error of the network, as Node makes it. */
export function reset(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** A clock on which every wait is over at once, and has lasted as long as it should. */
export class HurriedClock extends FakeClock {
  /** The waits, in milliseconds. */
  readonly waits: number[] = []

  override after(delayMs: number, callback: () => void): () => void {
    this.waits.push(delayMs)
    const cancel = super.after(delayMs, callback)
    let isCancelled = false
    setImmediate(() => {
      if (!isCancelled) this.advance(delayMs)
    })
    return () => {
      isCancelled = true
      cancel()
    }
  }
}

/** What a resumer told besides its events. */
export type Notices = {
  readonly attempts: AttemptEvent[]
  readonly retries: RetryEvent[]
  readonly resumed: ResumedEvent[]
  readonly gaps: Gap[]
}

export function noticesOf(resumer: RetryingResumer): Notices {
  const notices: Notices = { attempts: [], retries: [], resumed: [], gaps: [] }
  resumer.on('attempt', (event: AttemptEvent) => notices.attempts.push(event))
  resumer.on('retry', (event: RetryEvent) => notices.retries.push(event))
  resumer.on('resumed', (event: ResumedEvent) => notices.resumed.push(event))
  resumer.on('gap', (event: Gap) => notices.gaps.push(event))
  return notices
}

export type Outcome = {
  readonly events: FragmentEvent[]
  /** `events` in short. */
  readonly lines: string[]
  readonly error: unknown
  readonly notices: Notices
  readonly resumer: RetryingResumer
}

/** Reads a resumer of these attempts to its end, in a hurried time where the options give no other. */
export async function resume(
  service: Pick<ScriptedService, 'attempt'>,
  options: Partial<RetryingResumerOptions> = {},
): Promise<Outcome> {
  const resumer = new RetryingResumer({
    startSelector: { type: 'EARLIEST' },
    attempt: service.attempt,
    until: 'caught-up',
    clock: new HurriedClock(),
    ...options,
  })
  const notices = noticesOf(resumer)
  const events: FragmentEvent[] = []
  let error: unknown
  try {
    for await (const event of resumer) events.push(event)
  } catch (caught) {
    error = caught
  }
  return { events, lines: events.map(lineOf), error, notices, resumer }
}

/** An event in short: `start 1`, `1.0` (a frame's data), `end 1`, `gap 1 to 3: 500 ms`, `changed 1: why`. */
export function lineOf(event: FragmentEvent): string {
  switch (event.type) {
    case 'fragment-start':
      return `start ${event.fragmentNumber}`
    case 'frame':
      return Buffer.from(event.data).toString()
    case 'fragment-end':
      return `end ${event.fragmentNumber}`
    case 'discontinuity':
      return `${event.reason} ${event.fragmentNumber} after ${event.framesDelivered}: ${event.message.replace(/.*frames: /, '')}`
    case 'gap':
      return `gap ${event.afterFragmentNumber} to ${event.beforeFragmentNumber}: ${event.serverGapMs} ms`
    default:
      return `${event.type} ${event.fragmentNumber}`
  }
}

/** What a reader who is never cut off would see of the fragments. */
export function linesOf(fragments: readonly StoredFragment[]): string[] {
  return fragments.flatMap(fragment => eventsOf(fragment, 'next-document').map(lineOf))
}
