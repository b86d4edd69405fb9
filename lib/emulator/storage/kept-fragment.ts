import type { StoredFragment } from '../streams/fragment.ts'

/** The bytes of a fragment. */
export type FragmentBytes = Pick<StoredFragment, 'ebmlHeader' | 'segmentHeader' | 'cluster' | 'trailer'>

/** What is kept of a fragment in its row, beside its number and its bytes. */
export type FragmentRow = {
  readonly serverTimestampMs: number
  readonly producerTimestampMs: number
  readonly storedMs: number
  readonly timestampMs: number
  readonly durationMs: number
  /** Of the EBML header, the Segment's header, the Cluster and the trailer. */
  readonly lengths: readonly [number, number, number, number]
}

/** A fragment of a store: its facts are here, its bytes are read at first use. */
export class KeptFragment implements StoredFragment {
  readonly number: bigint
  readonly serverTimestampMs: number
  readonly producerTimestampMs: number
  readonly storedMs: number
  readonly timestampMs: number
  readonly durationMs: number
  readonly byteLength: number
  readonly #load: () => FragmentBytes
  #bytes: FragmentBytes | undefined

  /** `load` reads the bytes; of a fragment that has expired meanwhile they are none. */
  constructor(number: bigint, row: FragmentRow, load: () => FragmentBytes) {
    this.number = number
    this.serverTimestampMs = row.serverTimestampMs
    this.producerTimestampMs = row.producerTimestampMs
    this.storedMs = row.storedMs
    this.timestampMs = row.timestampMs
    this.durationMs = row.durationMs
    this.byteLength = row.lengths.reduce((sum, length) => sum + length, 0)
    this.#load = load
  }

  get ebmlHeader(): Uint8Array {
    return this.#read().ebmlHeader
  }

  get segmentHeader(): Uint8Array {
    return this.#read().segmentHeader
  }

  get cluster(): Uint8Array {
    return this.#read().cluster
  }

  get trailer(): Uint8Array {
    return this.#read().trailer
  }

  #read(): FragmentBytes {
    this.#bytes ??= this.#load()
    return this.#bytes
  }
}

/** The row of a fragment, as bytes. */
export function encodeRow(fragment: StoredFragment): Buffer {
  const { serverTimestampMs, producerTimestampMs, storedMs, timestampMs, durationMs } = fragment
  const { ebmlHeader, segmentHeader, cluster, trailer } = fragment
  const row: FragmentRow = {
    ...{ serverTimestampMs, producerTimestampMs, storedMs, timestampMs, durationMs },
    lengths: [ebmlHeader.length, segmentHeader.length, cluster.length, trailer.length],
  }
  return Buffer.from(JSON.stringify(row))
}

/** The row from its bytes. */
export function decodeRow(bytes: Buffer): FragmentRow {
  return JSON.parse(bytes.toString()) as FragmentRow
}
