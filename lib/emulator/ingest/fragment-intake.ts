import type { Clock } from '../../core/clock.ts'
import { type MediaFragment, storeFragment } from '../streams/fragment.ts'
import type { MediaStream } from '../streams/media-stream.ts'
import type { AcknowledgedFragment, Acknowledgements } from './acknowledgements.ts'
import { PutMediaError } from './error-codes.ts'
import type { ProducerHeaders } from './producer-headers.ts'

/** Most bytes that are on their way to the disk before the producer has to wait. */
const MOST_BYTES_UNDER_WAY = 67_108_864

/** A fragment that has begun: numbered and dated, as its first bytes came. */
type BegunFragment = AcknowledgedFragment & { readonly serverTimestampMs: number }

/**
 * Puts the fragments of one session on the stream and acknowledges them: BUFFERING when one begins, RECEIVED when it is
 * whole, PERSISTED when the storage has it safe.
 */
export class FragmentIntake {
  readonly #stream: MediaStream
  readonly #headers: ProducerHeaders
  readonly #acks: Acknowledgements
  readonly #clock: Clock
  #current: BegunFragment | undefined
  readonly #underWay = new Set<Promise<void>>()
  #bytesUnderWay = 0
  #failed: AcknowledgedFragment | undefined

  constructor(stream: MediaStream, headers: ProducerHeaders, acks: Acknowledgements, clock: Clock) {
    this.#stream = stream
    this.#headers = headers
    this.#acks = acks
    this.#clock = clock
  }

  /** The fragment that an error now is about. */
  get current(): AcknowledgedFragment | undefined {
    return this.#failed ?? this.#current
  }

  /** A fragment begins: now is its server time. @throws PutMediaError for a producer time that is no date */
  begin(timecode: bigint, timestampMs: number): void {
    this.#headers.producerTimeMs(timestampMs)
    const serverTimestampMs = Math.round(this.#clock.wallClockMs())
    const number = this.#stream.nextNumber(serverTimestampMs)
    this.#current = { number, timecode, serverTimestampMs }
    this.#acks.tell('BUFFERING', this.#current)
  }

  /** The fragment that had begun is whole. @throws PutMediaError */
  finish(media: MediaFragment): void {
    const begun = this.#current
    if (begun === undefined) return
    const { number, serverTimestampMs } = begun
    const producerTimestampMs = this.#headers.producerTimeMs(media.timestampMs)
    const storedMs = Math.round(this.#clock.wallClockMs())
    const stored = storeFragment(media, { number, serverTimestampMs, producerTimestampMs, storedMs })
    const isPersisted = this.#stream.dataRetentionInHours > 0
    const safe = this.#stream.store.add(stored)
    this.#current = undefined
    this.#acks.tell('RECEIVED', begun)
    this.#follow(safe, stored.byteLength, begun, isPersisted)
  }

  /** Resolves when the next bytes may come. @throws PutMediaError where a fragment could not be kept */
  async hasRoom(): Promise<void> {
    while (this.#bytesUnderWay > MOST_BYTES_UNDER_WAY) await Promise.race(this.#underWay)
    this.#checkKept()
  }

  /** Resolves when all that came is safe and acknowledged. @throws PutMediaError where a fragment could not be kept */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay)
    this.#checkKept()
  }

  #checkKept(): void {
    if (this.#failed !== undefined) throw new PutMediaError('ARCHIVAL_ERROR', 'a fragment could not be kept')
  }

  #follow(safe: Promise<void>, byteLength: number, fragment: BegunFragment, isPersisted: boolean): void {
    this.#bytesUnderWay += byteLength
    const followed = safe
      .then(
        () => isPersisted && this.#acks.tell('PERSISTED', fragment),
        () => {
          this.#failed ??= fragment
        },
      )
      .then(() => {
        this.#bytesUnderWay -= byteLength
        this.#underWay.delete(followed)
      })
    this.#underWay.add(followed)
  }
}
