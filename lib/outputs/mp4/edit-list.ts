import { type Box, box, boxesIn, fullBox, u32 } from './box.ts'

const NORMAL_RATE = 0x1_00_00

/**
 * Adds edit lists to a header that has none: each track's output begins so many ticks into its media (ISO/IEC 14496-12,
 * section 8.6.6). Video that is sent in another order than it is shown in has to be decoded ahead; with this no frame is
 * shown before its decode time, and yet the first one is at its own.
 */
export function withEditLists(header: Uint8Array, delays: readonly number[]): Uint8Array {
  if (delays.every(delay => delay === 0)) return header
  let trackIndex = 0
  return Buffer.concat(
    boxesIn(header).map(outer =>
      outer.type === 'moov'
        ? box(
            'moov',
            ...boxesIn(outer.payload).map(inner =>
              inner.type === 'trak' ? withEditList(inner, delays[trackIndex++] ?? 0) : inner.bytes,
            ),
          )
        : outer.bytes,
    ),
  )
}

function withEditList(trak: Box, delay: number): Uint8Array {
  if (delay === 0) return trak.bytes
  // A duration of zero: as long as there is media.
  const edts = box('edts', fullBox('elst', 0, 0, u32(1, 0, delay, NORMAL_RATE)))
  return box(
    'trak',
    ...boxesIn(trak.payload).flatMap(({ type, bytes }) => (type === 'tkhd' ? [bytes, edts] : [bytes])),
  )
}
