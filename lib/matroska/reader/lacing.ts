import { readSignedVint, readVint } from '../ebml/vint.ts'

/**
 * Several frames in one block (RFC 9559, section 10.3). The lace's head gives the number of frames less one and,
 * but for fixed lacing, the sizes of all frames except the last, which takes the rest.
 */

/** The two lacing bits of a block's flags. */
export const LACING_XIPH = 0x02
export const LACING_FIXED = 0x04
export const LACING_EBML = 0x06

type Sizes = { readonly sizes: readonly number[]; readonly dataOffset: number }

/** The frames of a laced block, as views of its bytes. `fail` makes the error for a lace that does not fit. */
export function lacedFrames(
  bytes: Uint8Array,
  offset: number,
  lacing: number,
  fail: (problem: string) => Error,
): Uint8Array[] {
  const countByte = bytes[offset]
  if (countByte === undefined) throw fail('a laced block without its number of frames')
  const { sizes, dataOffset } = readSizes(bytes, offset + 1, countByte + 1, lacing, fail)
  const frames: Uint8Array[] = []
  let at = dataOffset
  for (const size of sizes) {
    if (size < 0 || at + size > bytes.length)
      throw fail(`a lace whose frames outrun their block of ${bytes.length} bytes`)
    frames.push(bytes.subarray(at, at + size))
    at += size
  }
  if (lacing !== LACING_FIXED) frames.push(bytes.subarray(at))
  return frames
}

function readSizes(
  bytes: Uint8Array,
  offset: number,
  count: number,
  lacing: number,
  fail: (problem: string) => Error,
): Sizes {
  if (lacing === LACING_FIXED) return fixedSizes(bytes, offset, count, fail)
  const sizes =
    lacing === LACING_XIPH ? xiphSizes(bytes, offset, count - 1) : ebmlSizes(bytes, offset, count - 1)
  if (sizes === undefined) throw fail('a lace whose sizes do not end inside their block')
  return sizes
}

function fixedSizes(
  bytes: Uint8Array,
  offset: number,
  count: number,
  fail: (problem: string) => Error,
): Sizes {
  const size = (bytes.length - offset) / count
  if (!Number.isInteger(size))
    throw fail(`${bytes.length - offset} bytes do not make ${count} frames of one size`)
  return { sizes: new Array<number>(count).fill(size), dataOffset: offset }
}

/** Each size is a sum of bytes; a byte below 255 is its last. */
function xiphSizes(bytes: Uint8Array, offset: number, count: number): Sizes | undefined {
  const sizes: number[] = []
  let at = offset
  while (sizes.length < count) {
    let size = 0
    let byte: number | undefined
    do {
      byte = bytes[at++]
      if (byte === undefined) return undefined
      size += byte
    } while (byte === 255)
    sizes.push(size)
  }
  return { sizes, dataOffset: at }
}

/** The first size, then the difference of each to the one before. */
function ebmlSizes(bytes: Uint8Array, offset: number, count: number): Sizes | undefined {
  const sizes: number[] = []
  let at = offset
  let size = 0
  while (sizes.length < count) {
    const delta = sizes.length === 0 ? readVint(bytes, at) : readSignedVint(bytes, at)
    if (delta === undefined) return undefined
    size += delta.value
    at += delta.length
    sizes.push(size)
  }
  return { sizes, dataOffset: at }
}
