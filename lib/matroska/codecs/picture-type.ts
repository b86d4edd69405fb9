import type { RandomAccess } from './random-access.ts'

/** How decoding can begin with a picture of an older codec, by the type that its header gives; `undefined` where there is none. */

/** MPEG-1 and MPEG-2 (ISO/IEC 13818-2, section 6.2.3): picture_coding_type, after ten bits, is 1 for intra. */
export function mpeg12RandomAccess(data: Uint8Array): RandomAccess | undefined {
  const at = afterStartCode(data, 0x00)
  const byte = at === undefined ? undefined : data[at + 1]
  return byte === undefined ? undefined : accessOf(((byte >> 3) & 0x07) === 1)
}

/** MPEG-4 Visual (ISO/IEC 14496-2, section 6.2.5): vop_coding_type, the first two bits, is 0 for intra. */
export function mpeg4RandomAccess(data: Uint8Array): RandomAccess | undefined {
  const at = afterStartCode(data, 0xb6)
  const byte = at === undefined ? undefined : data[at]
  return byte === undefined ? undefined : accessOf(byte >> 6 === 0)
}

/** Microsoft's MPEG-4, versions 2 and 3, which begins with the picture's type: 0 is intra. */
export function msMpeg4RandomAccess([head]: Uint8Array): RandomAccess | undefined {
  return head === undefined ? undefined : accessOf(head >> 6 === 0)
}

/** Theora (specification, section 7.1): a data packet whose second bit, the frame type, is 0 for intra. */
export function theoraRandomAccess([head]: Uint8Array): RandomAccess | undefined {
  return head === undefined || (head & 0x80) !== 0 ? undefined : accessOf((head & 0x40) === 0)
}

/** FFV1 (RFC 9043, section 4.4): a range-coded bit of even odds, so that the first 16 bits decide. */
export function ffv1RandomAccess([high, low]: Uint8Array): RandomAccess | undefined {
  return high === undefined || low === undefined ? undefined : accessOf(high * 256 + low >= 0x7f80)
}

function accessOf(isIntra: boolean): RandomAccess {
  return isIntra ? 'full' : 'none'
}

/** Offset of the first byte after `00 00 01 code`. */
function afterStartCode(data: Uint8Array, code: number): number | undefined {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const at = bytes.indexOf(Uint8Array.of(0, 0, 1, code))
  return at < 0 ? undefined : at + 4
}
