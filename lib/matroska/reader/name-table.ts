import { readString } from '../ebml/values.ts'

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
export function readName(bytes: Uint8Array, start = 0, end = bytes.length): string {
  if (end - start > MAX_NAME_BYTES) return readString(bytes, start, end)
  let hash = end - start
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0
  const place = hash & (PLACES - 1)
  const known = names[place]!
  if (isWrittenSo(known, bytes, start, end)) return known
  const name = readString(bytes, start, end)
  // Only of ASCII, with no NUL, is each character a byte.
  if (name.length === end - start) names[place] = name
  return name
}

function isWrittenSo(name: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false
  for (let at = start; at < end; at++) if (name.charCodeAt(at - start) !== bytes[at]) return false
  return true
}
