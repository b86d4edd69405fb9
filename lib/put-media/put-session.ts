import { TimeoutError } from '../aws/http/connection-error.ts'
import type { HttpBody } from '../aws/http/http-body.ts'
import type { AdmissionWatch } from '../aws/limits/admission-watch.ts'
import { callPutMedia, type OpenPutSession } from '../aws/operations/put-media-call.ts'
import { AbortError } from '../core/errors.ts'
import { toError } from '../retry/to-error.ts'
import type { Acknowledgement } from './acknowledgement.ts'
import { AcknowledgementReader } from './acknowledgement-reader.ts'
import type { OutgoingFragment } from './outgoing-fragment.ts'
import { PutMediaError } from './put-media-error.ts'
import type { PutMediaSettings } from './put-media-settings.ts'
import type { PutCounts } from './put-metrics.ts'
import { NotPersistedError, PutSessionEndedError } from './put-session-errors.ts'
import { SentFragments } from './sent-fragments.ts'
import { SessionBody } from './session-body.ts'
import { SessionWatch } from './session-watch.ts'
import type { UnacknowledgedWindow } from './unacknowledged-window.ts'

/** What a session works on and tells to. */
export type PutSessionContext = {
  readonly settings: PutMediaSettings
  readonly window: UnacknowledgedWindow
  readonly counts: PutCounts
  readonly tellAcknowledgement: (acknowledgement: Acknowledgement) => void
}

/** What became of a session. */
export type PutSessionResult = {
  /** `null` where it ended in the ordinary way. */
  readonly failure: Error | null
  /** Whether the service has taken over a fragment that it did not have. */
  readonly isNew: boolean
  /** The service ended it because the producer paused: the next one waits for more than these additions. */
  readonly idleSince: number | undefined
}

/**
 * One PutMedia session: sends the fragments that are not acknowledged, from the first one on, and reads what the service
 * says of them meanwhile. To be run once.
 */
export class PutSession {
  readonly #context: PutSessionContext
  readonly #first: OutgoingFragment
  readonly #body: SessionBody
  readonly #sent = new SentFragments()
  readonly #reader: AcknowledgementReader
  readonly #startedAtMs: number
  readonly #watch: SessionWatch
  #cancelHeadWait: () => void = () => {}
  #isNew = false
  #idleSince: number | undefined
  #end: ((failure: Error | null) => void) | undefined

  constructor(context: PutSessionContext, first: OutgoingFragment) {
    const { settings, window } = context
    const { clock } = settings.call
    this.#context = context
    this.#first = first
    this.#reader = new AcknowledgementReader(first.document.timestampScale)
    this.#startedAtMs = clock.now()
    this.#watch = new SessionWatch({
      clock,
      timeoutMs: settings.ackTimeoutMs,
      onSilence: () => this.#finish(this.#silence()),
      onLinger: () => this.#finish(null),
    })
    this.#body = new SessionBody({
      window,
      first,
      mayGoOn: () => clock.now() - this.#startedAtMs < settings.maxSessionMs,
      onFragment: fragment => this.#began(fragment),
      onProgress: bytes => this.#progressed(bytes),
    })
  }

  /** Runs it to its end. Rejects only when the signal fires. */
  async run(signal: AbortSignal, admission: AdmissionWatch): Promise<PutSessionResult> {
    let failure: Error | null
    try {
      const session = await this.#call(admission)
      failure = await this.#follow(session, signal)
      signal.throwIfAborted()
    } catch (error) {
      signal.throwIfAborted()
      failure = toError(error)
    } finally {
      admission.close()
      this.#close()
    }
    return { failure, isNew: this.#isNew, idleSince: failure === null ? this.#idleSince : undefined }
  }

  async #call(admission: AdmissionWatch): Promise<OpenPutSession> {
    const { settings, counts } = this.#context
    const { call, fragmentTimecodeType, contentType } = settings
    const { producerStartTimestamp } = this.#first.document
    counts.sessions++
    // The service answers at once. Should one wait for media first, it gets it after a while.
    this.#cancelHeadWait = call.clock.after(HEAD_WAIT_MS, () => this.#body.open())
    const request = { fragmentTimecodeType, producerStartTimestamp, contentType, media: this.#body }
    const session = await callPutMedia(call, request, admission)
    this.#cancelHeadWait()
    return session
  }

  /** Reads the acknowledgements until the session is over; gives what ended it. */
  async #follow(session: OpenPutSession, signal: AbortSignal): Promise<Error | null> {
    const { acknowledgements, dropEndpoint } = session
    const ended = new Promise<Error | null>(resolve => {
      this.#end = resolve
    })
    const onAbort = () => this.#finish(new AbortError('the PutMedia session', signal.reason))
    // It may have fired while the answer's head was handed on.
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    this.#read(acknowledgements, dropEndpoint)
    this.#body.open()
    try {
      return await ended
    } finally {
      signal.removeEventListener('abort', onAbort)
      acknowledgements.close()
    }
  }

  #read(acknowledgements: HttpBody, dropEndpoint: () => void): void {
    acknowledgements.read({
      onChunk: chunk => this.#take(() => this.#reader.push(chunk)),
      onEnd: () => {
        this.#take(() => this.#reader.end())
        this.#finish(this.#serviceEnded())
      },
      onError: error => {
        dropEndpoint()
        this.#finish(error)
      },
    })
  }

  #take(push: () => void): void {
    try {
      push()
      for (;;) {
        const acknowledgement = this.#end === undefined ? undefined : this.#reader.next()
        if (acknowledgement === undefined) break
        this.#acknowledge(acknowledgement)
      }
    } catch (error) {
      this.#finish(toError(error))
    }
    this.#updateWatch()
  }

  #acknowledge(acknowledgement: Acknowledgement): void {
    const { window, counts, settings, tellAcknowledgement } = this.#context
    const { type } = acknowledgement
    const fragment = this.#sent.find(acknowledgement)
    if (type === 'IDLE') this.#idleSince = window.additions
    else this.#watch.sawAcknowledgement()
    if (type === 'RECEIVED') counts.fragmentsReceived++
    if (type === 'PERSISTED') counts.fragmentsPersisted++
    const isSafe = type === 'PERSISTED' || (type === 'RECEIVED' && settings.durability === 'received')
    // A part of a fragment that the service took for all of it is sent again: it is not what the producer made.
    if (fragment !== undefined && this.#body.hasGivenWhole(fragment)) {
      if (type === 'RECEIVED') fragment.isReceived = true
      if (isSafe) this.#done(fragment)
    }
    tellAcknowledgement(acknowledgement)
    if (type === 'ERROR') this.#finish(new PutMediaError(acknowledgement))
  }

  #done(fragment: OutgoingFragment): void {
    this.#isNew = true
    this.#sent.remove(fragment)
    this.#context.window.done(fragment)
  }

  #began(fragment: OutgoingFragment): void {
    const { counts } = this.#context
    this.#sent.add(fragment)
    if (fragment.timesSent === 1) counts.fragmentsSent++
    else counts.fragmentsSentAgain++
  }

  #progressed(bytes: number): void {
    this.#context.counts.bytes += bytes
    if (bytes > 0) this.#watch.sawBytesTaken()
    this.#updateWatch()
  }

  #updateWatch(): void {
    if (this.#end === undefined) return
    this.#watch.update({
      owes: this.#owesAcknowledgement,
      isSending: !this.#body.isStarved,
      isDone: this.#body.isOver && this.#sent.count === 0,
    })
  }

  get #owesAcknowledgement(): boolean {
    if (this.#body.isOver || this.#sent.count > 1) return true
    const [fragment] = this.#sent.all
    return fragment !== undefined && this.#body.hasGivenWhole(fragment)
  }

  #finish(failure: Error | null): void {
    const end = this.#end
    this.#end = undefined
    end?.(failure)
  }

  /** What it means that the service has ended the answer. */
  #serviceEnded(): Error | null {
    const left = [...this.#sent.all].filter(fragment => !fragment.isDone)
    const [fragment] = left
    // The connection is closed by now, which sets `isOver` too.
    if (fragment === undefined)
      return this.#isNew || this.#body.hasGivenAll ? null : new PutSessionEndedError(1)
    const isPaused =
      left.length === 1 && !fragment.isWhole && this.#idleSince === this.#context.window.additions
    if (isPaused) return null
    this.#idleSince = undefined
    return this.#notPersisted() ?? new PutSessionEndedError(left.length)
  }

  #silence(): Error {
    const { ackTimeoutMs } = this.#context.settings
    const what = this.#body.isStarved ? `acknowledged none of ${this.#sent.count} fragments` : 'took no bytes'
    const message = `PutMedia: the service ${what} for ${ackTimeoutMs} ms; sent again in a new session`
    return this.#notPersisted() ?? new TimeoutError('ERR_IDLE_TIMEOUT', message, ackTimeoutMs)
  }

  /** Every fragment that could be is received, none was ever persisted, and nothing more can be sent. */
  #notPersisted(): Error | undefined {
    const { settings, window, counts } = this.#context
    if (settings.durability === 'received' || counts.fragmentsPersisted > 0) return undefined
    const whole = [...this.#sent.all].filter(fragment => this.#body.hasGivenWhole(fragment))
    const isStuck = window.room === 0 || this.#body.isOver
    const areReceived = whole.length > 0 && whole.every(fragment => fragment.isReceived)
    return isStuck && areReceived ? new NotPersistedError(counts.fragmentsReceived) : undefined
  }

  #close(): void {
    this.#end = undefined
    this.#cancelHeadWait()
    this.#watch.stop()
    this.#body.destroy()
  }
}

/** How long fragments wait for the answer's head. */
const HEAD_WAIT_MS = 1000
