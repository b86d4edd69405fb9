/** Payloads of elements as values (RFC 8794, section 7). Each returns `undefined` for a length that the type does not have. */

/** A byte order mark is part of the text: a tag's value is handed on as it was written. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** An unsigned integer of up to eight bytes. */
export function readUintBig(bytes: Uint8Array): bigint | undefined {
  if (bytes.length > 8) return undefined
  // One bigint, where the loop makes three for each byte.
  const small = readUint(bytes)
  if (small !== undefined) return BigInt(small)
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return value
}

/** A signed integer of up to eight bytes, in two's complement; no bytes are zero. */
export function readIntBig(bytes: Uint8Array): bigint | undefined {
  const value = readUintBig(bytes)
  return value === undefined ? undefined : BigInt.asIntN(8 * bytes.length, value)
}

/** An unsigned integer that fits a JavaScript number exactly; `undefined` beyond 2^53 too. */
export function readUint(bytes: Uint8Array): number | undefined {
  if (bytes.length > 8) return undefined
  let value = 0
  for (let i = 0; i < bytes.length; i++) value = value * 256 + bytes[i]!
  return value <= Number.MAX_SAFE_INTEGER ? value : undefined
}

/** An IEEE 754 float of 4 or 8 bytes; no bytes are zero. */
export function readFloat(bytes: Uint8Array): number | undefined {
  if (bytes.length === 0) return 0
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length === 4) return view.getFloat32(0)
  if (bytes.length === 8) return view.getFloat64(0)
  return undefined
}

/** Text up to its end or its first NUL (RFC 8794, section 7.4); bytes that are no UTF-8 become U+FFFD. */
export function readString(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let at = start
  let isAscii = true
  for (; at < end && bytes[at] !== 0; at++) if (bytes[at]! > 0x7f) isAscii = false
  // Almost all text here is ASCII, and a decoder takes three times as long for a few bytes of it.
  if (isAscii && Buffer.isBuffer(bytes)) return bytes.toString('latin1', start, at)
  return utf8.decode(bytes.subarray(start, at))
}
