import { EbmlReader } from '../../matroska/ebml/ebml-reader.ts'
import { ELEMENT_IDS as ID } from '../../matroska/schema/elements.ts'
import { element, master, string } from '../../matroska/writer/writer.ts'
import type { StoredFragment } from '../streams/fragment.ts'

/** The parts of a chunk that a fault may change. */
export type ChunkParts = {
  readonly cluster: Uint8Array
  readonly trailer: Uint8Array
  readonly hasTrailingTags: boolean
}

/** A fragment that is changed: its chunk as it should be, and where it stands. */
export type ChangedFragment = {
  readonly whole: ChunkParts
  /** 0 for the first that may be changed. */
  readonly place: number
  /** The timestamp, in ticks, of the last Cluster that was sent as it is; 0 where there was none. */
  readonly timestampBefore: bigint
}

/** A change of every chunk after the first N, as by a producer or a service that misbehaves. */
export type ChunkChange = {
  readonly afterFragments: number
  readonly change: (fragment: ChangedFragment) => ChunkParts
}

/** The service's last tags, and with them its token, are missing in one chunk. */
export function leaveOutTrailingTags({ whole, place }: ChangedFragment): ChunkParts {
  return place === 0 ? { ...whole, hasTrailingTags: false } : whole
}

/** The Cluster has the timestamp of the one before. */
export function repeatTimestamp({ whole, timestampBefore }: ChangedFragment): ChunkParts {
  return { ...whole, cluster: withTimestamp(whole.cluster, timestampBefore) }
}

/** Cluster timestamps start at zero again. */
export function restartTimestamps({ whole, place }: ChangedFragment): ChunkParts {
  return { ...whole, cluster: withTimestamp(whole.cluster, BigInt(place)) }
}

/** A ContactId tag names another call. */
export function addContact(contactId = OTHER_CONTACT): ChunkChange['change'] {
  return ({ whole }) => ({ ...whole, trailer: Buffer.concat([whole.trailer, contactTag(contactId)]) })
}

/** The parts of each fragment's chunk: the fragment's own bytes, unless a fault changes them. */
export class ChunkChanges {
  readonly #change: ChunkChange | undefined
  #sent = 0
  #timestampBefore = 0n

  constructor(change: ChunkChange | undefined) {
    this.#change = change
  }

  next({ cluster, trailer }: StoredFragment): ChunkParts {
    const whole = { cluster, trailer, hasTrailingTags: true }
    if (this.#change === undefined) return whole
    const place = this.#sent++ - this.#change.afterFragments
    if (place >= 0) return this.#change.change({ whole, place, timestampBefore: this.#timestampBefore })
    this.#timestampBefore = timestampOf(cluster)?.value ?? 0n
    return whole
  }
}

const OTHER_CONTACT = '00000000-0000-4000-8000-000000000000'

/** What Amazon Connect's producer writes behind each cluster: the last value of a name counts. */
function contactTag(contactId: string): Buffer {
  const simpleTag = master(ID.SimpleTag, string(ID.TagName, 'ContactId'), string(ID.TagString, contactId))
  return element(ID.Tags, master(ID.Tag, simpleTag))
}

type TimestampPlace = { readonly value: bigint; readonly offset: number; readonly length: number }

function timestampOf(cluster: Uint8Array): TimestampPlace | undefined {
  const reader = new EbmlReader({
    wants: ({ id }) => id === ID.Segment || id === ID.Cluster || id === ID.Timestamp || id === ID.EBML,
    maxFrameBytes: Number.MAX_SAFE_INTEGER,
    maxMetadataBytes: Number.MAX_SAFE_INTEGER,
  })
  reader.push(OPENING)
  reader.push(cluster)
  for (let event = reader.next(); event !== undefined; event = reader.next()) {
    if (event.kind !== 'data') continue
    const { bytes, byteOffset } = event
    const hex = Buffer.from(bytes).toString('hex')
    // Id and size of a Timestamp are a byte each, as long as it is shorter than 127 bytes.
    const offset = byteOffset + 2 - OPENING.length
    return { value: hex === '' ? 0n : BigInt(`0x${hex}`), offset, length: bytes.length }
  }
  return undefined
}

/** A reader takes a cluster inside a Segment inside a document only. */
const OPENING = Buffer.concat([master(ID.EBML), element(ID.Segment, Buffer.alloc(0), { unknownSize: true })])

function withTimestamp(cluster: Uint8Array, value: bigint): Uint8Array {
  const place = timestampOf(cluster)
  if (place === undefined) return cluster
  const changed = Buffer.from(cluster)
  const hex = value
    .toString(16)
    .padStart(place.length * 2, '0')
    .slice(-place.length * 2)
  changed.write(hex, place.offset, 'hex')
  return changed
}
