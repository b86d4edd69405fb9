import { type Clock, sleep } from '../core/clock.ts'
import { MkvLimitError, MkvTruncatedError } from '../core/errors.ts'
import type { MkvWarning } from '../matroska/reader/events.ts'
import type { SeekableBytes } from '../matroska/reader/seekable-bytes.ts'
import { type MediaEvent, MediaSplitter } from './media-splitter.ts'
import type { OutgoingDocument } from './outgoing-fragment.ts'
import type { UnacknowledgedWindow } from './unacknowledged-window.ts'

export type MediaIntakeOptions = {
  readonly window: UnacknowledgedWindow
  /** For every document; else each begins when its first cluster comes. */
  readonly producerStartTimestamp: Date | undefined
  readonly realtime: boolean
  readonly seekable: SeekableBytes | undefined
  /** Called for each warning about the media. */
  readonly warn: (warning: MkvWarning) => void
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * Brings the producer's bytes into the window as fragments, no faster than it has room, and in real time where that is
 * asked for. Throws `MkvSyntaxError`, `MkvLimitError` and `MkvTruncatedError`.
 */
export class MediaIntake {
  readonly #options: MediaIntakeOptions
  readonly #splitter: MediaSplitter
  /** Of the document in progress, until its first fragment comes. */
  #header: { readonly bytes: Uint8Array; readonly timestampScale: number } | undefined
  #document: OutgoingDocument | undefined
  /** When timestamp zero of the document is, by the clock; for real time. */
  #zeroMs = 0
  #bytes = 0

  constructor(options: MediaIntakeOptions) {
    this.#options = options
    this.#splitter = new MediaSplitter(options.window.maxBytes, options.seekable)
  }

  /** Resolves when the bytes are in the window, and more may come. They must not change from now on. */
  async take(chunk: Uint8Array): Promise<void> {
    for (let from = 0; from < chunk.length; ) {
      await this.#room()
      const to = Math.min(chunk.length, from + Math.min(this.#options.window.room, SLICE_BYTES))
      this.#bytes += to - from
      this.#splitter.push(chunk.subarray(from, to))
      from = to
      await this.#split()
    }
  }

  /** No more bytes come: the last fragment is whole. */
  async end(): Promise<void> {
    this.#splitter.end()
    await this.#split()
    this.#options.window.end()
  }

  async #room(): Promise<void> {
    const { window, signal } = this.#options
    while (window.room === 0) {
      if (window.isOneOpenFragment) throw tooLarge(window.maxBytes, this.#bytes)
      await window.changed()
      signal.throwIfAborted()
    }
  }

  async #split(): Promise<void> {
    for (let event = this.#splitter.next(); event !== undefined; event = this.#splitter.next()) {
      if (event.type === 'fragment' && this.#options.realtime) await this.#due(event.timecodeMs)
      this.#handle(event)
    }
  }

  #handle(event: MediaEvent): void {
    const { window } = this.#options
    switch (event.type) {
      case 'document':
        this.#header = { bytes: event.header, timestampScale: event.timestampScale }
        break
      case 'fragment':
        window.begin(this.#documentOf(), event.timecode, event.timecodeMs)
        break
      case 'bytes':
        window.append(event.bytes)
        break
      case 'end-of-fragment':
        window.closeFragment()
        break
      case 'warning':
        this.#options.warn(event.warning)
        break
      case 'truncated':
        throw new MkvTruncatedError(event.byteOffset, event.elementPath)
    }
  }

  /** The document that a fragment belongs to: one of its own behind a new header. */
  #documentOf(): OutgoingDocument {
    if (this.#header === undefined) return this.#document!
    const { clock, producerStartTimestamp = new Date(clock.wallClockMs()) } = this.#options
    const { bytes, timestampScale } = this.#header
    this.#document = { header: bytes, producerStartTimestamp, timestampScale }
    this.#header = undefined
    return this.#document
  }

  /** Resolves when the timestamp's moment has come. The first one of each document is its start. */
  async #due(timecodeMs: number): Promise<void> {
    const { clock, signal } = this.#options
    if (this.#header !== undefined) this.#zeroMs = clock.now() - timecodeMs
    const waitMs = this.#zeroMs + timecodeMs - clock.now()
    if (waitMs > 0) await sleep(Math.min(waitMs, LONGEST_WAIT_MS), clock, signal)
  }
}

/** Larger chunks are taken in portions, so that the window is filled to its brim and not beyond. */
const SLICE_BYTES = 64 * 1024
/** Node's timers end there; a leap in the timestamps beyond it is no time to wait for. */
const LONGEST_WAIT_MS = 2 ** 31 - 1

function tooLarge(maxBytes: number, byteOffset: number): MkvLimitError {
  const problem = `a fragment of more than ${maxBytes} bytes`
  return new MkvLimitError(problem, 'maxUnacknowledgedBytes', byteOffset, 'Segment/Cluster')
}
