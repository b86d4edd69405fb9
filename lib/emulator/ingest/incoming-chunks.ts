import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../core/clock.ts'

/** What an upload gives next: bytes, its end, the loss of its connection, or nothing for now. */
export type Incoming = Uint8Array | 'end' | 'lost' | 'nothing'

/** The bytes of a request as they come, read only when they are asked for. */
export class IncomingChunks {
  readonly #request: IncomingMessage
  readonly #clock: Clock
  #isOver: 'end' | 'lost' | undefined
  /** What `peek` read and `next` has not delivered yet. */
  #peeked: Incoming | undefined
  #wake: () => void = () => {}

  constructor(request: IncomingMessage, clock: Clock) {
    this.#request = request
    this.#clock = clock
    const over = (how: 'end' | 'lost') => () => {
      this.#isOver ??= how
      this.#wake()
    }
    request.once('end', over('end'))
    request.once('close', over('lost'))
    request.on('error', over('lost'))
    request.on('readable', this.interrupt)
  }

  /** As `next`, and leaves what it finds for the `next` call that follows. */
  async peek(patienceMs: number): Promise<Incoming> {
    const incoming = await this.next(patienceMs)
    if (incoming !== 'nothing') this.#peeked = incoming
    return incoming
  }

  /** Waits for the next bytes for so long, or until it is interrupted. */
  async next(patienceMs: number): Promise<Incoming> {
    const peeked = this.#peeked
    this.#peeked = undefined
    if (peeked !== undefined) return peeked
    const now = this.#read()
    if (now !== undefined) return now
    await new Promise<void>(resolve => {
      const cancel = this.#clock.after(Math.max(0, patienceMs), () => this.#wake())
      this.#wake = () => {
        this.#wake = () => {}
        cancel()
        resolve()
      }
    })
    return this.#read() ?? 'nothing'
  }

  /** Ends the wait that is under way. */
  readonly interrupt = (): void => this.#wake()

  /** Lets what still comes go by unread. */
  discard(): void {
    this.#request.off('readable', this.interrupt)
    this.#request.resume()
  }

  #read(): Incoming | undefined {
    const chunk: Uint8Array | null = this.#request.read()
    return chunk ?? this.#isOver
  }
}
