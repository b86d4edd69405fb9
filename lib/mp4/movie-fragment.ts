import { box, fullBox, u32, u64 } from './box.ts'

/**
 * A movie fragment: some frames of some tracks, with their times (ISO/IEC 14496-12, sections 8.8.4 to 8.8.8 and 8.8.12).
 *
 * These are ours, and the header before them mediabunny's, because its fragments begin at keyframes of every track at once,
 * wait for a track that has gone silent, and cannot go on with a frame that is no keyframe.
 */

export type Sample = {
  readonly data: Uint8Array
  /** In ticks of the track's timescale. */
  readonly duration: number
  /** From decoding to showing; may be negative. */
  readonly compositionOffset: number
  readonly keyframe: boolean
}

export type TrackRun = {
  readonly trackId: number
  /** Of the first sample, in ticks. */
  readonly decodeTime: number
  readonly samples: readonly Sample[]
}

const DEFAULT_BASE_IS_MOOF = 0x02_00_00
/** A trun with its data's offset, and of each sample duration, size, flags and composition offset. */
const RUN_FLAGS = 0x00_0f_01
/** ISO/IEC 14496-12, section 8.8.3.1: depends on no other sample; depends on some, and is no sync sample. */
const KEYFRAME_FLAGS = 0x02_00_00_00
const OTHER_FLAGS = 0x01_01_00_00
/** Where a trun's data offset lies in it. */
const DATA_OFFSET_AT = 16
const MDAT_HEAD_BYTES = 8

/** The fragment as pieces to be written one after the other; the frames' bytes are the frames' own. */
export function movieFragment(sequenceNumber: number, runs: readonly TrackRun[]): Uint8Array[] {
  const truns = runs.map(({ samples }) => trun(samples))
  const moofBytes = moof(sequenceNumber, runs, truns).length
  let dataAt = moofBytes + MDAT_HEAD_BYTES
  for (const [index, { samples }] of runs.entries()) {
    truns[index]!.writeInt32BE(dataAt, DATA_OFFSET_AT)
    dataAt += bytesOf(samples)
  }
  const head = Buffer.alloc(MDAT_HEAD_BYTES)
  head.writeUInt32BE(dataAt - moofBytes)
  head.write('mdat', 4, 'latin1')
  const data = runs.flatMap(({ samples }) => samples.map(({ data }) => data))
  return [moof(sequenceNumber, runs, truns), head, ...data]
}

function moof(sequenceNumber: number, runs: readonly TrackRun[], truns: readonly Buffer[]): Buffer {
  return box(
    'moof',
    fullBox('mfhd', 0, 0, u32(sequenceNumber)),
    ...runs.map(({ trackId, decodeTime }, index) =>
      box(
        'traf',
        fullBox('tfhd', 0, DEFAULT_BASE_IS_MOOF, u32(trackId)),
        fullBox('tfdt', 1, 0, u64(decodeTime)),
        truns[index]!,
      ),
    ),
  )
}

function trun(samples: readonly Sample[]): Buffer {
  const table = Buffer.alloc(16 * samples.length)
  for (const [index, { data, duration, compositionOffset, keyframe }] of samples.entries()) {
    const at = 16 * index
    table.writeUInt32BE(duration, at)
    table.writeUInt32BE(data.length, at + 4)
    table.writeUInt32BE(keyframe ? KEYFRAME_FLAGS : OTHER_FLAGS, at + 8)
    table.writeInt32BE(compositionOffset, at + 12)
  }
  return fullBox('trun', 1, RUN_FLAGS, u32(samples.length, 0), table)
}

function bytesOf(samples: readonly Sample[]): number {
  return samples.reduce((bytes, { data }) => bytes + data.length, 0)
}
