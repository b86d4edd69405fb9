/**
 * Fragment numbers of the real shape: `1 << 156 | sequence << 92 | serverTimestampMs << 28 | random`.
 * They rise strictly, have 47 digits, and a new producer session begins a new block of a thousand sequence numbers.
 */
export class FragmentNumbers {
  readonly #random: () => number
  #sequence = 0n

  constructor(random: () => number) {
    this.#random = random
  }

  /** The sequence number of the last fragment number. */
  get sequence(): bigint {
    return this.#sequence
  }

  /** Begins the block of numbers of a new producer session: 1, 1001, 2001 … */
  startSession(): void {
    this.#sequence = this.#sequence === 0n ? 0n : (this.#sequence / 1000n + 1n) * 1000n
  }

  /** The next number, for a fragment that the service got at that time. */
  next(serverTimestampMs: number): bigint {
    this.#sequence += 1n
    const random = BigInt(Math.floor(this.#random() * 2 ** 28))
    return (1n << 156n) | (this.#sequence << 92n) | (BigInt(Math.round(serverTimestampMs)) << 28n) | random
  }

  /** Takes note of a number that was made elsewhere, so that the next one is greater. */
  observe(number: bigint): void {
    this.skipTo((number >> 92n) & ((1n << 64n) - 1n))
  }

  /** Goes on behind a sequence number; one that is passed already changes nothing. */
  skipTo(sequence: bigint): void {
    if (sequence > this.#sequence) this.#sequence = sequence
  }
}
