/**
 * Keys of the store's tables, as bytes whose order is the order that is wanted: the stream's id in four octets, then a
 * time in eight, then a fragment number as its length in one octet and its octets. A number of fewer octets is less.
 */

/** The key of a stream, and what all keys of its rows begin with. */
export function streamKey(streamId: number): Buffer {
  const key = Buffer.alloc(4)
  key.writeUInt32BE(streamId)
  return key
}

/** The first key behind all keys that begin with this one. */
export function keyBehind(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.alloc(64, 0xff)])
}

/** The key of a fragment. */
export function numberKey(stream: Buffer, number: bigint): Buffer {
  const hex = number.toString(16)
  const octets = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([stream, Buffer.of(octets.length), octets])
}

/** The fragment number in a key, that begins at `offset`. */
export function readNumber(key: Buffer, offset: number): bigint {
  return BigInt(`0x${key.toString('hex', offset + 1, offset + 1 + key[offset]!)}`)
}

/** The key of a time; a fragment's number may follow. Times before 1970 sort before those after. */
export function timeKey(stream: Buffer, timeMs: number): Buffer {
  const time = Buffer.alloc(8)
  time.writeBigUInt64BE(BigInt(clampTime(timeMs)) + (1n << 63n))
  return Buffer.concat([stream, time])
}

/** The key of one piece of a fragment's bytes. */
export function pieceKey(fragment: Buffer, piece: number): Buffer {
  const place = Buffer.alloc(4)
  place.writeUInt32BE(piece)
  return Buffer.concat([fragment, place])
}

function clampTime(timeMs: number): number {
  const whole = Math.round(timeMs)
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(Number.MIN_SAFE_INTEGER, whole))
}
