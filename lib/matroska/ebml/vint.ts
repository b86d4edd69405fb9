/**
 * Variable-size integers (RFC 8794, section 4): the number of leading zero bits in the first byte, plus one,
 * is the length in bytes. A first byte of zero has no length of up to eight bytes.
 */

/** Length in bytes that a first byte announces: 1 to 8, or 9 where it announces none. */
export function vintLength(firstByte: number): number {
  return Math.clz32(firstByte) - 23
}

/** A decoded integer of a block's head or its lace. */
export type Vint = { readonly value: number; readonly length: number }

/** Reads an unsigned integer; `undefined` where the bytes end inside it, or its first byte is zero. */
export function readVint(bytes: Uint8Array, offset: number, end = bytes.length): Vint | undefined {
  if (offset >= end) return undefined
  const first = bytes[offset]!
  const length = vintLength(first)
  if (length > 8 || offset + length > end) return undefined
  let value = first & (0xff >> length)
  for (let i = 1; i < length; i++) value = value * 256 + bytes[offset + i]!
  return { value, length }
}

/** Reads a signed integer as EBML lacing writes its size differences (RFC 9559, section 10.3.3): the middle of the range is zero. */
export function readSignedVint(bytes: Uint8Array, offset: number): Vint | undefined {
  const unsigned = readVint(bytes, offset)
  if (unsigned === undefined) return undefined
  return { value: unsigned.value - (2 ** (7 * unsigned.length - 1) - 1), length: unsigned.length }
}
