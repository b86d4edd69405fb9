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

/** What is not to be heard of a track, in ticks of its timescale. */
export type Trim = {
  /** From the start of its media, beyond what its edit list hides already. */
  readonly startTicks: number
  /** Its duration ends before its last decoded sample does. */
  readonly isTrimmed: boolean
  readonly timescale: number
}

/**
 * Rewrites the edit lists of a finished index (`moov`) for tracks that are trimmed: where the media begins, and for how long it
 * lasts, which the track's header says. Trimmed media is silent for as long, so that what follows keeps its time.
 */
export function withTrims(moov: Uint8Array, trims: readonly Trim[]): Uint8Array {
  if (trims.every(({ startTicks, isTrimmed }) => startTicks === 0 && !isTrimmed)) return moov
  let trackIndex = 0
  return mapMovie(moov, (inner, movieScale) => {
    const trim = inner.type === 'trak' ? trims[trackIndex++] : undefined
    const isTrimmed = trim !== undefined && (trim.startTicks > 0 || trim.isTrimmed)
    return isTrimmed ? trimmed(inner, trim, movieScale) : inner.bytes
  })
}

function mapMovie(bytes: Uint8Array, map: (inner: Box, movieScale: number) => Uint8Array): Uint8Array {
  return Buffer.concat(
    boxesIn(bytes).map(outer => {
      if (outer.type !== 'moov') return outer.bytes
      const inners = boxesIn(outer.payload)
      const movieScale = timescaleOf(inners.find(({ type }) => type === 'mvhd')!)
      return box('moov', ...inners.map(inner => map(inner, movieScale)))
    }),
  )
}

/** Version 1 has times of 64 bits (ISO/IEC 14496-12, section 8.2.2). */
function timescaleOf({ payload }: Box): number {
  return viewOf(payload).getUint32(payload[0] === 1 ? 20 : 12)
}

function trimmed(trak: Box, { startTicks, timescale }: Trim, movieScale: number): Uint8Array {
  const children = boxesIn(trak.payload)
  const header = children.find(({ type }) => type === 'tkhd')!
  const earlier = children.find(({ type }) => type === 'edts')
  const { emptyDuration, mediaTime } = earlier === undefined ? NO_EDIT : readEdits(earlier)
  const hidden = Math.round((startTicks * movieScale) / timescale)
  const silence = emptyDuration + hidden
  const lasts = Math.max(0, durationOf(header) - silence)
  const edts = box('edts', editList(silence, lasts, mediaTime + startTicks))
  return box(
    'trak',
    ...children.flatMap(({ type, bytes }) =>
      type === 'edts' ? [] : type === 'tkhd' ? [bytes, edts] : [bytes],
    ),
  )
}

/** Silence, if any, then the media from `mediaTime` on. */
function editList(silence: number, lasts: number, mediaTime: number): Buffer {
  const edits = [...(silence > 0 ? [[silence, -1]] : []), [lasts, mediaTime]] as [number, number][]
  const isLong = edits.some(([duration, time]) => duration > 0xff_ff_ff_ff || time > 0x7f_ff_ff_ff)
  const entries = edits.map(([duration, time]) => {
    const entry = Buffer.alloc(isLong ? 20 : 12)
    if (isLong) {
      entry.writeBigUInt64BE(BigInt(duration))
      entry.writeBigInt64BE(BigInt(time), 8)
    } else {
      entry.writeUInt32BE(duration)
      entry.writeInt32BE(time, 4)
    }
    entry.writeUInt32BE(NORMAL_RATE, entry.length - 4)
    return entry
  })
  return fullBox('elst', isLong ? 1 : 0, 0, u32(edits.length), ...entries)
}

type Edits = { readonly emptyDuration: number; readonly mediaTime: number }
const NO_EDIT: Edits = { emptyDuration: 0, mediaTime: 0 }

/** An edit list of mediabunny's: at most an empty edit, then the media. */
function readEdits(edts: Box): Edits {
  const { payload } = boxesIn(edts.payload).find(({ type }) => type === 'elst')!
  const view = viewOf(payload)
  const isLong = payload[0] === 1
  const bytes = isLong ? 20 : 12
  const duration = (at: number) => (isLong ? Number(view.getBigUint64(at)) : view.getUint32(at))
  const time = (at: number) => (isLong ? Number(view.getBigInt64(at + 8)) : view.getInt32(at + 4))
  const isDelayed = time(8) === -1
  return { emptyDuration: isDelayed ? duration(8) : 0, mediaTime: time(isDelayed ? 8 + bytes : 8) }
}

/** Of a `tkhd`: all that is shown of the track, and the silence before it, in ticks of the movie. */
function durationOf({ payload }: Box): number {
  return payload[0] === 1 ? Number(viewOf(payload).getBigUint64(28)) : viewOf(payload).getUint32(20)
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
