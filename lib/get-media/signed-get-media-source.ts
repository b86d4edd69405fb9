import { Readable } from 'readable-stream'
import { TimeoutError } from '../aws/http/connection-error.ts'
import type { HttpBody } from '../aws/http/http-body.ts'
import { IdleWatchdog } from '../aws/http/idle-watchdog.ts'
import { AdmissionWatch } from '../aws/limits/admission-watch.ts'
import { type Permit, processGate } from '../aws/limits/call-gate.ts'
import { throwIfAborted } from '../aws/limits/wait-line.ts'
import {
  type CallOptions,
  type CallSettings,
  resolveCallSettings,
  timeoutOption,
} from '../aws/operations/call-settings.ts'
import { callGetMedia, type OpenSession } from '../aws/operations/get-media-call.ts'
import { checkStartSelector, type StartSelector } from '../aws/operations/start-selector.ts'
import { AbortError } from '../core/errors.ts'
import { knownOptions, optionNames, signalOption } from '../core/options.ts'
import { LateFailure } from '../streams/late-failure.ts'
import { ShortWay } from '../streams/short-way.ts'

export type SignedGetMediaSourceOptions = CallOptions & {
  /** Where the session starts; each selector takes its own companion and no other. */
  readonly startSelector: StartSelector
  /** Ends the session at once, with an `AbortError`. */
  readonly signal?: AbortSignal | undefined
  /**
   * How long the body may be silent while somebody waits for it, in milliseconds. The service itself ends a silent
   * body after 3 s. @default 10000
   */
  readonly idleTimeoutMs?: number | undefined
}

/** @internal */
export const SOURCE_OPTIONS = optionNames<SignedGetMediaSourceOptions>({
  ...{ streamName: true, streamARN: true, region: true, endpoint: true, controlEndpoint: true },
  ...{ credentials: true, connectTimeoutMs: true, responseTimeoutMs: true, admissionTimeoutMs: true },
  ...{ clock: true, startSelector: true, signal: true, idleTimeoutMs: true },
})

/**
 * One GetMedia session as a stream of bytes: the payload, Matroska documents one after the other, each chunk the
 * `Buffer` that came from the socket. The constructor checks the options and throws `OptionError`; the call is made
 * when the first byte is asked for. At most one transport chunk waits here: a reader that does not read holds the
 * server back. It ends (`end`) where the service ends the body: after 3 s without new fragments, and after about
 * 45 minutes. It makes no second try; that is RetryingResumer's work.
 *
 * Emits `waiting` with a `WaitingEvent` while it waits for its turn, `admitted` when GetMedia is about to be called, and
 * `response` with a `GetMediaResponse` when the answer's head is there. Fails with `ServiceError` and its
 * kinds, `ConnectionError`, `TimeoutError`, `AdmissionTimeoutError`, `CredentialsError` or `AbortError`; bytes that had come before a
 * connection broke are delivered first. Its place among the stream's 3 sessions is free again as soon as the body
 * is over or the stream is destroyed.
 *
 * ```ts
 * const source = new SignedGetMediaSource({ streamName: 'door', startSelector: { type: 'NOW' } })
 * await pipeline(source, createWriteStream('door.mkv'))
 * ```
 * Docs: API_dataplane_GetMedia of the Kinesis Video Streams guide.
 */
export class SignedGetMediaSource extends Readable {
  readonly #settings: CallSettings
  readonly #startSelector: StartSelector
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = () => this.destroy(new AbortError('the GetMedia session', this.#signal?.reason))
  readonly #closing = new AbortController()
  readonly #watchdog: IdleWatchdog
  readonly #late: LateFailure = new LateFailure(this)
  readonly #short = new ShortWay(this)
  #started = false
  /** Whether the reader has taken everything and asks for more. */
  #readerWaits = false
  #permit: Permit | undefined
  #body: HttpBody | undefined

  constructor(options: SignedGetMediaSourceOptions) {
    knownOptions('SignedGetMediaSource', options, SOURCE_OPTIONS)
    const settings = resolveCallSettings(options)
    const startSelector = checkStartSelector(options.startSelector)
    const idleTimeoutMs = timeoutOption('idleTimeoutMs', options.idleTimeoutMs)
    const signal = signalOption('signal', options.signal)
    // One chunk at a time: with two, `read()` would join them by a copy.
    super({ highWaterMark: 1 })
    this.#settings = settings
    this.#startSelector = startSelector
    this.#signal = signal
    this.#watchdog = new IdleWatchdog(settings.clock, idleTimeoutMs, () => this.#fellSilent(idleTimeoutMs))
    if (signal?.aborted) this.#onAbort()
    else signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  override _read(): void {
    // Who listens for 'readable' waits without having called `read`.
    if (this.readableLength === 0 && this.listenerCount('readable') > 0) this.#readerWaiting()
    if (this.#started) this.#body?.resume()
    else this.#start()
  }

  override read(size?: number): Buffer | null {
    const chunk: Buffer | null = super.read(size)
    if (chunk !== null) this.#readerResting()
    else if (size !== 0) this.#readerWaiting()
    this.#late.consumed()
    return chunk
  }

  override pause(): this {
    this.#readerResting()
    return super.pause()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#late.cancel()
    this.#closing.abort(error ?? undefined)
    this.#finish()
    this.#body?.close()
    callback(error)
  }

  #start(): void {
    this.#started = true
    this.#open()
      .then(session => this.#opened(session))
      .catch((error: Error) => this.destroy(error))
  }

  async #open(): Promise<OpenSession> {
    const { key, clock, admissionTimeoutMs } = this.#settings
    const admission = new AdmissionWatch({
      ...{ clock, timeoutMs: admissionTimeoutMs, signal: this.#closing.signal },
      onWaiting: event => this.#notify('waiting', event),
      onAdmitted: () => this.#notify('admitted'),
    })
    try {
      this.#permit = await processGate().holdSession(key, admission)
      // Destroyed while the place came: `_destroy` could not give it back.
      if (this.destroyed) this.#finish()
      throwIfAborted('the GetMedia session', admission.signal)
      return await callGetMedia(this.#settings, this.#startSelector, admission)
    } finally {
      admission.close()
    }
  }

  /** An error that a listener throws ends this stream; the queue, which others share, must not see it. */
  #notify(name: 'waiting' | 'admitted', ...event: object[]): void {
    if (this.destroyed) return
    try {
      this.emit(name, ...event)
    } catch (error) {
      this.destroy(error as Error)
    }
  }

  #opened({ response, body, dropEndpoint }: OpenSession): void {
    this.#body = body
    if (!this.destroyed) this.emit('response', response)
    if (this.destroyed) {
      body.close()
      return
    }
    if (this.#readerWaits) this.#watchdog.wait()
    body.read({
      onChunk: chunk => {
        this.#watchdog.sawBytes()
        if (!this.#short.isOpen) {
          if (!this.push(chunk)) body.pause()
          return
        }
        this.#short.handOn(chunk)
        // A reader that reads otherwise from now on is to ask: after a push of nothing, streams let it.
        if (this.readableFlowing !== true && !this.destroyed) this.push(NOTHING)
      },
      onEnd: () => {
        this.#finish()
        this.push(null)
      },
      onError: error => {
        dropEndpoint()
        this.#finish()
        this.#failLate(error)
      },
    })
  }

  #fellSilent(idleTimeoutMs: number): void {
    const message = `GetMedia: the body was silent for ${idleTimeoutMs} ms; connect again`
    this.#body?.close()
    this.#finish()
    this.#failLate(new TimeoutError('ERR_IDLE_TIMEOUT', message, idleTimeoutMs))
  }

  #failLate(error: Error): void {
    this.#late.fail(error, failure => this.destroy(failure))
  }

  /** Nothing more is to come from the network: the place of this session is for others. */
  #finish(): void {
    this.#watchdog.stop()
    this.#permit?.release()
    this.#permit = undefined
  }

  #readerWaiting(): void {
    this.#readerWaits = true
    if (this.#body !== undefined && !this.#body.isOver) this.#watchdog.wait()
  }

  #readerResting(): void {
    this.#readerWaits = false
    this.#watchdog.rest()
  }
}

const NOTHING = Buffer.alloc(0)
