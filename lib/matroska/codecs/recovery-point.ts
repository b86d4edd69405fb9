import type { NalCursor } from './nal-cursor.ts'
import { RbspReader } from './rbsp-reader.ts'

/** The payload type of a recovery point, the same in H.264 (section D.1) and H.265 (section D.2). */
const RECOVERY_POINT = 6

/** Whether an SEI unit, whose NAL header has `headerBytes`, holds a recovery point: from there on decoding can begin. */
export function hasRecoveryPoint({ data, start, end }: NalCursor, headerBytes: number): boolean {
  const reader = new RbspReader(data, start + headerBytes, end)
  while (!reader.isExhausted) {
    const type = readExtensible(reader)
    const size = readExtensible(reader)
    if (reader.isExhausted) return false
    if (type === RECOVERY_POINT) return size > 0
    for (let i = 0; i < size && !reader.isExhausted; i++) reader.byte()
  }
  return false
}

/** A number as the sum of bytes of 255 and one that is less. */
function readExtensible(reader: RbspReader): number {
  let value = 0
  let byte = reader.byte()
  while (byte === 0xff && !reader.isExhausted) {
    value += byte
    byte = reader.byte()
  }
  return value + byte
}
