import { Writable } from 'readable-stream'
import { isAdmissionTimeout } from '../aws/limits/admission-timeout-error.ts'
import { AdmissionWatch } from '../aws/limits/admission-watch.ts'
import { AbortError } from '../core/errors.ts'
import type { MkvWarning } from '../matroska/reader/events.ts'
import { toError } from '../retry/to-error.ts'
import { failWrite, wrongBytes } from '../streams/check-input.ts'
import { MediaIntake } from './media-intake.ts'
import type { OutgoingFragment } from './outgoing-fragment.ts'
import { PutLoop } from './put-loop.ts'
import {
  type PutMediaSettings,
  type PutMediaSinkOptions,
  resolvePutMediaSettings,
} from './put-media-settings.ts'
import { PutCounts, type PutMediaMetrics } from './put-metrics.ts'
import { PutSession, type PutSessionResult } from './put-session.ts'
import { UnacknowledgedWindow } from './unacknowledged-window.ts'

export type { PutMediaMetrics, PutMediaSinkOptions }

/** `attempt`: a PutMedia session is about to start; it is admitted, where it has to wait for that. */
export type PutAttemptEvent = {
  /** 1 for the first, over the sink's whole life. */
  readonly session: number
  /** The cluster's timestamp of the fragment that it begins with, in milliseconds. */
  readonly fragmentTimecodeMs: number
  readonly producerStartTimestamp: Date
  /** Fragments that wait to be acknowledged, the one under way included. */
  readonly unacknowledgedFragments: number
}

type Callback = (error?: Error | null) => void

/**
 * Puts Matroska into a Kinesis video stream: a Writable of bytes, in any portions, which it splits into fragments (a
 * Cluster and what stands behind it) and sends in PutMedia sessions while they come. A fragment is kept until the service
 * has acknowledged it as PERSISTED, and sent again after a loss, a throttle or a session's end, never twice within a
 * session. `finish` comes when the last one is acknowledged. A second EBML document, or other Tracks, begin a session
 * of their own. The bytes that are written must not change afterwards.
 *
 * Backpressure goes from the socket to the writer: it holds `maxUnacknowledgedBytes` at most. Options are checked in the
 * constructor (`OptionError`); the first call is made when the first cluster has begun.
 *
 * Emits `waiting` (`WaitingEvent`), `attempt` (`PutAttemptEvent`), `retry` (`RetryEvent`), `ack` (`Acknowledgement`) and, for
 * media that breaks a rule and is put nevertheless, `warning` (`MkvWarning`). Fails with `PutMediaError`,
 * `NotPersistedError`, `ServiceError` and its kinds, `ConnectionError`, `TimeoutError`, `AdmissionTimeoutError`,
 * `CredentialsError` or `AbortError`: the last error, with all of the run in its `cause`. Media that is broken fails with `MkvSyntaxError`,
 * `MkvTruncatedError` or `MkvLimitError` once every whole fragment before it is acknowledged.
 *
 * ```ts
 * await pipeline(createReadStream('camera.mkv'), new PutMediaSink({ streamName: 'door' }))
 * ```
 * Follows API_dataplane_PutMedia of the Kinesis Video Streams guide.
 */
export class PutMediaSink extends Writable {
  readonly #settings: PutMediaSettings
  readonly #window: UnacknowledgedWindow
  readonly #intake: MediaIntake
  readonly #counts = new PutCounts()
  readonly #abort = new AbortController()
  /** Resolves when all is put; the sink is destroyed with what it rejects with. */
  readonly #put: Promise<void>

  constructor(options: PutMediaSinkOptions) {
    const settings = resolvePutMediaSettings(options)
    super({ highWaterMark: 64 * 1024 })
    const { policy, random, producerStartTimestamp, realtime, seekable } = settings
    const { clock } = settings.call
    const { signal } = this.#abort
    const window = new UnacknowledgedWindow(settings.maxUnacknowledgedBytes)
    const warn = (warning: MkvWarning) => this.#tell('warning', warning)
    this.#settings = settings
    this.#window = window
    this.#intake = new MediaIntake({
      window,
      producerStartTimestamp,
      realtime,
      seekable,
      warn,
      clock,
      signal,
    })
    const loop = new PutLoop({
      ...{ window, policy, clock, random, signal },
      runSession: first => this.#runSession(first),
      tell: event => this.#tell('retry', event),
    })
    this.#put = loop.run()
    this.#put.catch((error: unknown) => this.destroy(toError(error)))
    this.#followSignal(options.signal)
  }

  /** What it has done up to this moment. */
  get metrics(): PutMediaMetrics {
    const { fragments, bytes } = this.#window
    return { ...this.#counts, unacknowledgedFragments: fragments, unacknowledgedBytes: bytes }
  }

  override write(chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    const wrong = wrongBytes('PutMediaSink', chunk)
    if (wrong !== undefined) return failWrite(this, wrong, encoding, callback)
    return super.write(chunk, encoding as string, callback as Callback)
  }

  override _write(chunk: Uint8Array, _encoding: string, callback: Callback): void {
    this.#intake.take(chunk).then(
      () => callback(),
      (error: unknown) => this.#breakOff(toError(error), callback),
    )
  }

  override _final(callback: Callback): void {
    this.#intake.end().then(
      () => this.#afterAll(null, callback),
      (error: unknown) => this.#breakOff(toError(error), callback),
    )
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#abort.abort(error ?? new AbortError('the PutMedia stream'))
    this.#window.wake()
    callback(error)
  }

  /** The media is broken: what came whole before is put first. */
  #breakOff(error: Error, callback: Callback): void {
    this.#window.breakOff()
    this.#afterAll(error, callback)
  }

  /** Calls back when all is put, or can be put no more. */
  #afterAll(error: Error | null, callback: Callback): void {
    this.#put.then(
      () => callback(error),
      (failure: unknown) => callback(toError(failure)),
    )
  }

  #followSignal(signal: AbortSignal | undefined): void {
    if (signal === undefined) return
    const onAbort = () => this.destroy(new AbortError('PutMedia', signal.reason))
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true, signal: this.#abort.signal })
  }

  async #runSession(first: OutgoingFragment): Promise<PutSessionResult> {
    const context = {
      settings: this.#settings,
      window: this.#window,
      counts: this.#counts,
      tellAcknowledgement: (acknowledgement: object) => this.#tell('ack', acknowledgement),
    }
    const attempt: PutAttemptEvent = {
      session: this.#counts.sessions + 1,
      fragmentTimecodeMs: first.timecodeMs,
      producerStartTimestamp: first.document.producerStartTimestamp,
      unacknowledgedFragments: this.#window.fragments,
    }
    let isAnnounced = false
    const announce = () => {
      if (!isAnnounced) this.#tell('attempt', attempt)
      isAnnounced = true
    }
    const { clock, admissionTimeoutMs } = this.#settings.call
    const admission = new AdmissionWatch({
      ...{ clock, timeoutMs: admissionTimeoutMs, signal: this.#abort.signal },
      onWaiting: event => this.#tell('waiting', event),
      onAdmitted: announce,
    })
    const result = await new PutSession(context, first).run(this.#abort.signal, admission)
    // It failed on the way to its turn. No call was tried after a timeout.
    if (!isAdmissionTimeout(result.failure)) announce()
    return result
  }

  /** What a listener throws is its own, and not a failure of the session that could be tried again. */
  #tell(name: 'waiting' | 'attempt' | 'retry' | 'ack' | 'warning', notice: object): void {
    if (this.destroyed) return
    try {
      this.emit(name, notice)
    } catch (error) {
      this.destroy(toError(error))
    }
  }
}
