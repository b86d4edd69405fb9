import type { ByteQueue } from './byte-queue.ts'
import { vintLength } from './vint.ts'

/** An element's id and size, as they stand before its payload (RFC 8794, sections 5 and 6). */
export type ElementHeader = {
  id: number
  /** In bytes; `undefined` where it is unknown: all bits one, at any width. */
  size: number | undefined
  /** Bytes of the header itself. */
  length: number
}

/** Makes the error for what is wrong, so many bytes into the header. */
type Fail = (problem: string, at: number) => Error

/** EBMLMaxIDLength, which Matroska fixes at 4 (RFC 9559, section 5). */
const MAX_ID_LENGTH = 4
const EBML_MAGIC = [0x1a, 0x45, 0xdf, 0xa3]

/** An id of four bytes and a size of eight. */
const MAX_HEADER_LENGTH = 12

/** Reads the header that the unread bytes begin with into `header`; false where they end inside it. */
export function readElementHeader(queue: ByteQueue, header: ElementHeader, fail: Fail): boolean {
  const { bytes, start, end } = queue.peek(MAX_HEADER_LENGTH)
  if (start === end) return false
  const first = bytes[start]!
  const idLength = vintLength(first)
  if (idLength > MAX_ID_LENGTH) {
    const what = first === 0 ? 'a zero byte' : `byte ${hex(first)}`
    throw fail(`${what} where an element id must begin`, 0)
  }
  const sizeStart = start + idLength
  if (sizeStart >= end) return false
  const sizeLength = vintLength(bytes[sizeStart]!)
  if (sizeLength > 8) {
    throw fail('an element size that begins with a zero byte, longer than 8 bytes', idLength)
  }
  if (sizeStart + sizeLength > end) return false
  header.id = idLength === 1 && first !== 0xff ? first : readId(bytes, start, idLength, fail)
  header.size = readSize(bytes, sizeStart, sizeLength)
  header.length = idLength + sizeLength
  return true
}

/** Bytes that are no EBML are told at the first that differs, not when an id of theirs would be whole. */
export function checkMagic(bytes: ByteQueue, fail: Fail): void {
  for (let i = 0; i < Math.min(EBML_MAGIC.length, bytes.length); i++) {
    const byte = bytes.byteAt(i)
    if (byte === EBML_MAGIC[i]) continue
    throw fail(`this is no EBML: an EBML header (1A45DFA3) was expected, and byte ${hex(byte)} came`, i)
  }
}

/** A byte or an id as text. */
export function hex(value: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(2, '0')}`
}

function readId(bytes: Uint8Array, start: number, length: number, fail: Fail): number {
  let id = bytes[start]!
  for (let i = 1; i < length; i++) id = id * 256 + bytes[start + i]!
  if (id === ALL_ONES_IDS[length]) throw fail(`element id ${hex(id)} is reserved`, 0)
  return id
}

/** A size as almost all are: known, and below 2^31; else -1. It is read without leaving the machine's integers. */
export function readPlainSize(bytes: Uint8Array, start: number, length: number): number {
  let size = bytes[start]! & (0xff >> length)
  for (let i = 1; i < length; i++) {
    if (size > 0x7fffff) return -1
    size = (size << 8) | bytes[start + i]!
  }
  return length < 5 && size === (1 << (7 * length)) - 1 ? -1 : size
}

function readSize(bytes: Uint8Array, start: number, length: number): number | undefined {
  let size = bytes[start]! & (0xff >> length)
  if (length === 1) return size === 0x7f ? undefined : size
  if (length === 2) {
    size = (size << 8) | bytes[start + 1]!
    return size === 0x3fff ? undefined : size
  }
  // 2^56 - 1 is not exact in a double, and neither are its neighbours: whether all bits are one, the bytes must tell.
  let isAllOnes = size === 0xff >> length
  for (let i = 1; i < length; i++) {
    const byte = bytes[start + i]!
    size = size * 256 + byte
    if (byte !== 0xff) isAllOnes = false
  }
  return isAllOnes ? undefined : size
}

/** By length: the id whose bits are all one, which is reserved. */
const ALL_ONES_IDS = [0, 0xff, 0x7fff, 0x3fffff, 0x1fffffff]
