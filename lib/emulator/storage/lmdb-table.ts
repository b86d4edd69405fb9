import { AbortError } from '../../core/errors.ts'
import type { StoredFragment } from '../streams/fragment.ts'
import type { FragmentTable, TimeOrder, TimeRange } from './fragment-table.ts'
import { decodeRow, encodeRow, type FragmentBytes, type FragmentRow, KeptFragment } from './kept-fragment.ts'
import { keyBehind, numberKey, pieceKey, readNumber, timeKey } from './keys.ts'
import type { LmdbDatabase } from './lmdb-module.ts'

/**
 * Bytes of a Cluster that are kept under one key. Pieces of one size take the place of one another when fragments
 * expire, where whole Clusters would leave holes that the next does not fit. A page's head is left room for.
 */
const PIECE_BYTES = 1_048_560
const PRESENT = Buffer.of(1)

/** The tables that all streams of a store share. */
export type LmdbTables = {
  /** Number to row. A fragment is there if it has a row: it is written last, and removed first. */
  readonly rows: LmdbDatabase
  /** Number and piece to bytes: the header, the Cluster's pieces, the trailer. */
  readonly bytes: LmdbDatabase
  readonly server: LmdbDatabase
  readonly producer: LmdbDatabase
  /** The store may not be touched any more; what comes late reads nothing and writes nothing. */
  isClosed: boolean
}

/**
 * One stream's fragments in an lmdb store. `add` resolves when the fragment is on disk, so that a power cut cannot
 * lose it; what is added while a commit is under way goes into the next one together.
 */
export class LmdbTable implements FragmentTable {
  readonly #tables: LmdbTables
  readonly #stream: Buffer

  constructor(tables: LmdbTables, stream: Buffer) {
    this.#tables = tables
    this.#stream = stream
  }

  async add(fragment: StoredFragment): Promise<void> {
    const { rows, bytes, server, producer, isClosed } = this.#tables
    if (isClosed) throw new AbortError('keeping a fragment')
    const key = numberKey(this.#stream, fragment.number)
    const writes = piecesOf(fragment).map((piece, index) => bytes.put(pieceKey(key, index), piece))
    writes.push(server.put(this.#timeKey(fragment.serverTimestampMs, key), PRESENT))
    writes.push(producer.put(this.#timeKey(fragment.producerTimestampMs, key), PRESENT))
    writes.push(rows.put(key, encodeRow(fragment)))
    await Promise.all(writes)
  }

  get(number: bigint): StoredFragment | undefined {
    if (this.#tables.isClosed) return undefined
    const row = this.#tables.rows.get(numberKey(this.#stream, number))
    return row === undefined ? undefined : this.#fragment(number, decodeRow(row))
  }

  after(number: bigint): StoredFragment | undefined {
    const start = number < 0n ? this.#stream : numberKey(this.#stream, number + 1n)
    return this.#first({ start, end: keyBehind(this.#stream) })
  }

  newest(): StoredFragment | undefined {
    return this.#first({ start: keyBehind(this.#stream), end: this.#stream, reverse: true })
  }

  *byTime(order: TimeOrder, range: TimeRange = {}): Generator<StoredFragment> {
    if (this.#tables.isClosed) return
    const { fromMs, toMs, reverse = false } = range
    const low = fromMs === undefined ? this.#stream : timeKey(this.#stream, Math.ceil(fromMs))
    const high =
      toMs === undefined ? keyBehind(this.#stream) : keyBehind(timeKey(this.#stream, Math.floor(toMs)))
    const ends = reverse ? { start: high, end: low } : { start: low, end: high }
    for (const key of this.#tables[order].getKeys({ ...ends, reverse })) {
      const fragment = this.get(readNumber(key, this.#stream.length + TIME_OCTETS))
      if (fragment !== undefined) yield fragment
    }
  }

  async remove(number: bigint): Promise<void> {
    const fragment = this.get(number)
    if (fragment === undefined) return
    const { rows, bytes, server, producer } = this.#tables
    const key = numberKey(this.#stream, number)
    const removals = [
      rows.remove(key),
      server.remove(this.#timeKey(fragment.serverTimestampMs, key)),
      producer.remove(this.#timeKey(fragment.producerTimestampMs, key)),
    ]
    const pieces = [...bytes.getKeys({ start: key, end: keyBehind(key) })]
    await Promise.all([...removals, ...pieces.map(piece => bytes.remove(piece))])
  }

  #first(range: { start: Buffer; end: Buffer; reverse?: boolean }): StoredFragment | undefined {
    if (this.#tables.isClosed) return undefined
    for (const { key, value } of this.#tables.rows.getRange({ ...range, limit: 1 })) {
      return this.#fragment(readNumber(key, this.#stream.length), decodeRow(value))
    }
    return undefined
  }

  #fragment(number: bigint, row: FragmentRow): StoredFragment {
    return new KeptFragment(number, row, () => this.#read(number, row))
  }

  #read(number: bigint, row: FragmentRow): FragmentBytes {
    const key = numberKey(this.#stream, number)
    const [ebmlLength, , clusterLength, trailerLength] = row.lengths
    const { bytes, isClosed } = this.#tables
    const piece = (index: number) =>
      (isClosed ? undefined : bytes.get(pieceKey(key, index))) ?? Buffer.alloc(0)
    const count = Math.ceil(clusterLength / PIECE_BYTES)
    const head = piece(0)
    const cluster = Array.from({ length: count }, (_, index) => piece(1 + index))
    return {
      ebmlHeader: head.subarray(0, ebmlLength),
      segmentHeader: head.subarray(ebmlLength),
      cluster: cluster.length === 1 ? cluster[0]! : Buffer.concat(cluster),
      trailer: trailerLength === 0 ? Buffer.alloc(0) : piece(1 + count),
    }
  }

  #timeKey(timeMs: number, fragmentKey: Buffer): Buffer {
    return Buffer.concat([timeKey(this.#stream, timeMs), fragmentKey.subarray(this.#stream.length)])
  }
}

const TIME_OCTETS = 8

function piecesOf({ ebmlHeader, segmentHeader, cluster, trailer }: StoredFragment): Uint8Array[] {
  const pieces: Uint8Array[] = [Buffer.concat([ebmlHeader, segmentHeader])]
  for (let start = 0; start < cluster.length; start += PIECE_BYTES) {
    pieces.push(cluster.subarray(start, start + PIECE_BYTES))
  }
  if (trailer.length > 0) pieces.push(trailer)
  return pieces
}
