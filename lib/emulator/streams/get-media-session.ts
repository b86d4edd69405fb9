import { type Clock, sleep } from '../../core/clock.ts'
import { AbortError } from '../../core/errors.ts'
import { ChunkChanges } from '../faults/chunk-changes.ts'
import type { FaultEffect } from '../faults/fault-effect.ts'
import { Pacer } from '../limits/pacer.ts'
import { PacedBody } from '../server/paced-body.ts'
import { BodyOver, type ResponseBody } from '../server/response-body.ts'
import type { Settings } from '../settings.ts'
import type { FragmentStore } from '../storage/fragment-store.ts'
import { blockOffsets } from './block-offsets.ts'
import type { StoredFragment } from './fragment.ts'
import { errorChunk, errorCodeOf, leadingTags, SEGMENT_HEAD, trailingTags } from './service-tags.ts'
import type { StartPosition } from './start-position.ts'

/** Why a session ended. */
export type SessionEnd = 'idle' | 'lifetime' | 'error-tag' | 'fault' | 'client'

/** What `setTimeout` takes: 24 days. Patience without end comes to that. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * One GetMedia response: the chunks of the fragments after `start`, as they are stored and then as they arrive, held
 * to the limits of a session. It ends when no fragment came for a while, after its lifetime, by a fault, or when the
 * client goes. It holds one fragment at a time beside what is stored.
 */
export class GetMediaSession {
  readonly #fragments: FragmentStore
  readonly #body: ResponseBody
  readonly #settings: Settings
  readonly #clock: Clock
  readonly #fault: FaultEffect
  readonly #changes: ChunkChanges
  readonly #pacedBody: PacedBody
  readonly #fragmentPacer: Pacer
  readonly #expiresMs: number
  #fragmentsSent = 0
  #blocksSent = 0

  constructor(fragments: FragmentStore, body: ResponseBody, settings: Settings, fault: FaultEffect) {
    const { limits, clock } = settings
    const { bytesPerSecond = limits.bytesPerSecond, breakOff } = fault
    this.#fragments = fragments
    this.#body = body
    this.#settings = settings
    this.#clock = clock
    this.#fault = fault
    this.#changes = new ChunkChanges(fault.chunkChange)
    this.#pacedBody = new PacedBody(body, bytesPerSecond, clock)
    this.#fragmentPacer = new Pacer(limits.fragmentsPerSecond, 0, clock)
    this.#expiresMs = clock.now() + settings.sessionLifetimeMs
    if (breakOff?.atByte !== undefined) body.breakAt(breakOff.atByte, breakOff.how)
  }

  /** Sends until the session is over, ends the body, and says why it ended. */
  async run(start: StartPosition): Promise<SessionEnd> {
    try {
      return start.notFound === undefined
        ? await this.#sendFrom(start.after)
        : await this.#sendError(4000, start.notFound)
    } catch (error) {
      if (error instanceof BodyOver) return error.by === 'client' ? 'client' : 'fault'
      if (error instanceof AbortError) return 'client'
      throw error
    }
  }

  async #sendFrom(start: bigint): Promise<SessionEnd> {
    await this.#body.write(new Uint8Array())
    for (let after = start; ; ) {
      const planned = await this.#endAsPlanned(after)
      if (planned !== undefined) return planned
      const found = this.#fragments.after(after) ?? (await this.#nextArrival(after))
      if (found === undefined || this.#hasExpired()) return this.#finish(found)
      await this.#pause(this.#fragmentPacer.reserve(1))
      // In the pause it may have expired: then the session goes on with the oldest that is there.
      const fragment = this.#fragments.after(after)
      if (fragment === undefined) continue
      await this.#sendFragment(fragment)
      after = fragment.number
    }
  }

  async #sendFragment(fragment: StoredFragment): Promise<void> {
    // All is read at once, so that a fragment that expires on the way is still sent whole.
    const { ebmlHeader, segmentHeader } = fragment
    const { cluster, trailer, hasTrailingTags } = this.#changes.next(fragment)
    const head = Buffer.concat([ebmlHeader, SEGMENT_HEAD, segmentHeader, leadingTags(fragment)])
    this.#planCutInBlock(fragment, this.#body.bytesWritten + head.length)
    await this.#send(head)
    await this.#send(cluster)
    await this.#send(trailer)
    if (hasTrailingTags) await this.#sendTrailingTags(fragment)
    this.#fragmentsSent++
  }

  async #sendTrailingTags(fragment: StoredFragment): Promise<void> {
    // The last of a chunk is made when it is sent, so that it tells how late that is.
    const behindMs = this.#clock.wallClockMs() - fragment.serverTimestampMs
    await this.#send(trailingTags(fragment, Math.max(0, Math.round(behindMs))))
  }

  #planCutInBlock(fragment: StoredFragment, clusterAtByte: number): void {
    const { cutInBlock } = this.#fault
    if (cutInBlock === undefined) return
    const offsets = blockOffsets(fragment)
    const offset = offsets[cutInBlock - 1 - this.#blocksSent]
    if (offset !== undefined) this.#body.breakAt(clusterAtByte + offset, 'cut')
    this.#blocksSent += offsets.length
  }

  #send(bytes: Uint8Array): Promise<void> {
    return this.#pacedBody.send(bytes)
  }

  async #pause(delayMs: number): Promise<void> {
    if (delayMs > 0) await sleep(delayMs, this.#clock, this.#body.closed)
  }

  /** Between two fragments: ends the body where a fault says so. */
  async #endAsPlanned(after: bigint): Promise<SessionEnd | undefined> {
    const { errorTag, breakOff } = this.#fault
    if (errorTag !== undefined && this.#fragmentsSent >= errorTag.afterFragments) {
      const next = this.#fragments.after(after)?.number ?? (after >= 0n ? after : undefined)
      await this.#send(errorChunk(errorTag.make(next)))
      await this.#body.finish('end')
      return 'error-tag'
    }
    if (breakOff === undefined || this.#fragmentsSent !== breakOff.afterFragments) return undefined
    await this.#body.finish(breakOff.how)
    return 'fault'
  }

  async #sendError(id: number, fragmentNumber: string): Promise<SessionEnd> {
    await this.#send(errorChunk({ id, code: errorCodeOf(id), fragmentNumber }))
    await this.#body.finish('end')
    return 'error-tag'
  }

  /** Waits for a fragment that is not there yet; `undefined` when the session's patience or its life ended first. */
  #nextArrival(after: bigint): Promise<StoredFragment | undefined> {
    const lifeLeftMs = Math.max(0, this.#expiresMs - this.#clock.now())
    const patienceMs = Math.min(this.#settings.idleEndMs, lifeLeftMs, LONGEST_TIMER_MS)
    return new Promise((resolve, reject) => {
      const settle = () => {
        stopListening()
        cancelTimer()
        this.#body.closed.removeEventListener('abort', settle)
        if (this.#body.closed.aborted) reject(new BodyOver('client'))
        else resolve(this.#fragments.after(after))
      }
      const stopListening = this.#fragments.onAdd(() => {
        // A start beyond the newest number lets fragments pass until a greater one comes.
        if (this.#fragments.after(after) !== undefined) settle()
      })
      const cancelTimer = this.#clock.after(patienceMs, settle)
      this.#body.closed.addEventListener('abort', settle, { once: true })
      if (this.#body.closed.aborted) settle()
    })
  }

  #hasExpired(): boolean {
    return this.#clock.now() >= this.#expiresMs
  }

  async #finish(waiting: StoredFragment | undefined): Promise<SessionEnd> {
    const isIdle = waiting === undefined && !this.#hasExpired()
    await this.#body.finish(isIdle ? this.#settings.idleEnd : 'end')
    return isIdle ? 'idle' : 'lifetime'
  }
}
