import { readString } from './values.ts'

/** Longer ones are no names that come again and again. */
const MAX_NAME_BYTES = 128
const PLACES = 256

/**
 * Text that comes again and again, as tag names do with each document, is the same string each time: it is found by its
 * bytes in a third of the time that making it takes, and a `Map` knows its hash. One place each for so many; who comes
 * last has it.
 */
const names: string[] = Array.from({ length: PLACES }, () => '')

/** As `readString`. */
export function readName(bytes: Uint8Array): string {
  if (bytes.length > MAX_NAME_BYTES) return readString(bytes)
  let hash = bytes.length
  for (let index = 0; index < bytes.length; index++) hash = (Math.imul(hash, 31) + bytes[index]!) | 0
  const place = hash & (PLACES - 1)
  const known = names[place]!
  if (isWrittenSo(known, bytes)) return known
  const name = readString(bytes)
  // Only of ASCII, with no NUL, is each character a byte.
  if (name.length === bytes.length) names[place] = name
  return name
}

function isWrittenSo(name: string, bytes: Uint8Array): boolean {
  if (name.length !== bytes.length) return false
  for (let index = 0; index < bytes.length; index++) if (name.charCodeAt(index) !== bytes[index]) return false
  return true
}
