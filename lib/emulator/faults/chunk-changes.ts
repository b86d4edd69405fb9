import { EbmlReader } from '../../mkv/ebml-reader.ts'
import { ELEMENT_IDS as ID } from '../../mkv/schema/elements.ts'
import { element, master, string } from '../../mkv/writer.ts'
import type {
  BackwardTimecodeFault,
  Fault,
  NoTrailingTagsFault,
  RecycledStreamFault,
  RepeatedTimecodeFault,
} from '../faults.ts'
import type { StoredFragment } from '../fragment.ts'

type ChunkFault = NoTrailingTagsFault | RepeatedTimecodeFault | BackwardTimecodeFault | RecycledStreamFault

function isChunkFault(fault: Fault | undefined): fault is ChunkFault {
  return fault !== undefined && CHUNK_FAULTS.includes(fault.type)
}

const CHUNK_FAULTS: readonly Fault['type'][] = [
  'no-trailing-tags',
  'repeated-timecode',
  'backward-timecode',
  'recycled-stream',
]

/** The parts of a chunk that a fault may change. */
export type ChunkParts = {
  readonly cluster: Uint8Array
  readonly trailer: Uint8Array
  readonly hasTrailingTags: boolean
}

/**
 * What a session sends of a fragment: the fragment's own bytes, unless a fault says that the producer or the service
 * misbehaves from its n-th fragment on.
 */
export class ChunkChanges {
  readonly #fault: Fault | undefined
  #sent = 0
  #timestampBefore: bigint | undefined

  constructor(fault: Fault | undefined) {
    this.#fault = fault
  }

  next(fragment: StoredFragment): ChunkParts {
    const { cluster, trailer } = fragment
    const index = this.#sent++
    const whole = { cluster, trailer, hasTrailingTags: true }
    return isChunkFault(this.#fault) ? this.#change(this.#fault, index, whole) : whole
  }

  #change(fault: ChunkFault, index: number, whole: ChunkParts): ChunkParts {
    const place = index - (fault.afterFragments ?? 0)
    if (place < 0) {
      this.#timestampBefore = timestampOf(whole.cluster)?.value
      return whole
    }
    switch (fault.type) {
      case 'no-trailing-tags':
        return place === 0 ? { ...whole, hasTrailingTags: false } : whole
      case 'repeated-timecode':
        return { ...whole, cluster: withTimestamp(whole.cluster, this.#timestampBefore ?? 0n) }
      case 'backward-timecode':
        return { ...whole, cluster: withTimestamp(whole.cluster, BigInt(place)) }
      case 'recycled-stream':
        return {
          ...whole,
          trailer: Buffer.concat([whole.trailer, contactTag(fault.contactId ?? OTHER_CONTACT)]),
        }
    }
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
