import type { RandomAccess } from './random-access.ts'

/** OBU types (AV1 bitstream specification, section 6.2.2). */
const SEQUENCE_HEADER = 1
const FRAME_HEADER = 3
const FRAME = 6
const FORBIDDEN_BIT = 0x80
const HAS_EXTENSION = 0x04
const HAS_SIZE = 0x02
/** In a sequence header's first byte, below still_picture. */
const REDUCED_STILL_PICTURE_HEADER = 0x08
/** In a frame header's first byte: show_existing_frame, frame_type (0 is a key frame), show_frame. */
const SHOW_EXISTING_FRAME = 0x80
const FRAME_TYPE = 0x60
const SHOW_FRAME = 0x10
/** An AV1CodecConfigurationRecord's own fields, before its OBUs (AV1 in ISOBMFF, section 2.3). */
const CONFIG_BYTES = 4

/**
 * How decoding can begin with a temporal unit of AV1; `undefined` where its OBUs cannot be read. As Matroska's mapping wants it,
 * the first frame is a key frame that is shown, and its sequence header is known: from the unit, or from the CodecPrivate.
 */
export function av1RandomAccess(
  data: Uint8Array,
  codecPrivate: Uint8Array | undefined,
): RandomAccess | undefined {
  let sequenceHeader = firstPayload(codecPrivate?.subarray(CONFIG_BYTES) ?? NOTHING, [
    SEQUENCE_HEADER,
  ])?.payload
  let rest = data
  for (;;) {
    const unit = firstPayload(rest, [SEQUENCE_HEADER, FRAME_HEADER, FRAME])
    if (unit === undefined) return undefined
    if (unit.type !== SEQUENCE_HEADER) return keyFrame(unit.payload, sequenceHeader)
    sequenceHeader = unit.payload
    rest = unit.rest
  }
}

const NOTHING = new Uint8Array(0)

function keyFrame([head]: Uint8Array, sequenceHeader: Uint8Array | undefined): RandomAccess | undefined {
  if (head === undefined) return undefined
  const [sequence] = sequenceHeader ?? []
  if (sequence === undefined) return 'none'
  if ((sequence & REDUCED_STILL_PICTURE_HEADER) !== 0) return 'full'
  return (head & (SHOW_EXISTING_FRAME | FRAME_TYPE | SHOW_FRAME)) === SHOW_FRAME ? 'full' : 'none'
}

type Unit = { readonly type: number; readonly payload: Uint8Array; readonly rest: Uint8Array }

/** The first OBU of one of these types; `undefined` where there is none, or an OBU before it is malformed. */
function firstPayload(data: Uint8Array, types: readonly number[]): Unit | undefined {
  let at = 0
  while (at < data.length) {
    const header = data[at]!
    if ((header & FORBIDDEN_BIT) !== 0) return undefined
    const type = (header >> 3) & 0x0f
    at += (header & HAS_EXTENSION) === 0 ? 1 : 2
    let end = data.length
    if ((header & HAS_SIZE) !== 0) {
      const size = readLeb128(data, at)
      if (size === undefined) return undefined
      at += size.bytes
      end = at + size.value
    }
    if (end > data.length) return undefined
    if (types.includes(type)) return { type, payload: data.subarray(at, end), rest: data.subarray(end) }
    at = end
  }
  return undefined
}

/** leb128() (AV1 bitstream specification, section 4.10.5). */
function readLeb128(
  data: Uint8Array,
  start: number,
): { readonly value: number; readonly bytes: number } | undefined {
  let value = 0
  for (let i = 0; i < 8; i++) {
    const byte = data[start + i]
    if (byte === undefined) return undefined
    value += (byte & 0x7f) * 2 ** (7 * i)
    if ((byte & 0x80) === 0) return { value, bytes: i + 1 }
  }
  return undefined
}
