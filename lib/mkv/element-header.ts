import type { ByteQueue } from './byte-queue.ts'
import { vintLength } from './vint.ts'

/** An element's id and size, as they stand before its payload (RFC 8794, sections 5 and 6). */
export type ElementHeader = {
  readonly id: number
  /** In bytes; `undefined` where it is unknown: all bits one, at any width. */
  readonly size: number | undefined
  /** Bytes of the header itself. */
  readonly length: number
}

/** Makes the error for what is wrong, so many bytes into the header. */
type Fail = (problem: string, at: number) => Error

/** EBMLMaxIDLength, which Matroska fixes at 4 (RFC 9559, section 5). */
const MAX_ID_LENGTH = 4
const EBML_MAGIC = [0x1a, 0x45, 0xdf, 0xa3]

/** The header that the unread bytes begin with; `undefined` where they end inside it. */
export function readElementHeader(bytes: ByteQueue, fail: Fail): ElementHeader | undefined {
  const available = bytes.length
  if (available === 0) return undefined
  const first = bytes.byteAt(0)
  const idLength = vintLength(first)
  if (idLength > MAX_ID_LENGTH) {
    const what = first === 0 ? 'a zero byte' : `byte ${hex(first)}`
    throw fail(`${what} where an element id must begin`, 0)
  }
  if (available <= idLength) return undefined
  const sizeLength = vintLength(bytes.byteAt(idLength))
  if (sizeLength > 8) {
    throw fail('an element size that begins with a zero byte, longer than 8 bytes', idLength)
  }
  const length = idLength + sizeLength
  if (available < length) return undefined
  return { id: readId(bytes, idLength, fail), size: readSize(bytes, idLength, sizeLength), length }
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

function readId(bytes: ByteQueue, length: number, fail: Fail): number {
  let id = 0
  for (let i = 0; i < length; i++) id = id * 256 + bytes.byteAt(i)
  if (id === 2 ** (7 * length + 1) - 1) throw fail(`element id ${hex(id)} is reserved`, 0)
  return id
}

function readSize(bytes: ByteQueue, offset: number, length: number): number | undefined {
  let size = bytes.byteAt(offset) & (0xff >> length)
  for (let i = 1; i < length; i++) size = size * 256 + bytes.byteAt(offset + i)
  // 2^56 - 1 is not exact in a double, and neither are its neighbours: eight-byte sizes are told apart by their bytes.
  if (length === 8) return isAllOnes(bytes, offset) ? undefined : size
  return size === 2 ** (7 * length) - 1 ? undefined : size
}

function isAllOnes(bytes: ByteQueue, offset: number): boolean {
  if (bytes.byteAt(offset) !== 0x01) return false
  for (let i = 1; i < 8; i++) if (bytes.byteAt(offset + i) !== 0xff) return false
  return true
}
