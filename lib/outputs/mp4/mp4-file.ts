import type { Track } from '../../matroska/reader/tracks.ts'
import { withTrims } from '../../mp4/edit-list.ts'
import { withVideoSettings } from '../../mp4/movie-patch.ts'
import { SampleClock } from '../../mp4/sample-clock.ts'
import { AtomicFile } from '../shared/atomic-file.ts'
import type { PlacedFrame } from '../shared/timeline/timeline.ts'
import { discardedSamples } from './discarded-samples.ts'
import { payloadOf } from './fragment-writer.ts'
import type { Mediabunny } from './mediabunny-module.ts'
import { type Mp4Track, mp4Track, namesOf, videoSettingsOf } from './mp4-track.ts'
import { RoomAhead } from './room-ahead.ts'

/** Bytes that are written at once. */
const WRITE_BYTES = 1024 * 1024
/** What the index takes: its boxes and codec data, and for each frame its size, durations, offsets, and lengths of NAL units. */
const INDEX_BYTES = 128 * 1024
const FRAME_INDEX_BYTES = 64

type Writer = {
  readonly mp4: Mp4Track
  readonly clock: SampleClock
  /** CodecDelay, in ticks: the track's frames are that much earlier, and an edit list hides what comes before zero. */
  readonly delayTicks: number
  readonly add: (packet: PacketFacts) => Promise<void>
  /** The latest time before the last keyframe, below which mediabunny takes nothing. */
  floorMs: number
  latestMs: number
  hasKeyframe: boolean
  hasFrames: boolean
  /** What is not to be heard of the first frame, in ticks, and whether the end of another one is not. */
  trimTicks: number
  isTrimmed: boolean
}

type PacketFacts = {
  readonly data: Uint8Array
  readonly keyframe: boolean
  readonly seconds: number
  readonly durationSeconds: number
}

/**
 * An ordinary MP4 file, by mediabunny: its index, of some 200 bytes in memory for each frame until then, stands at its end.
 * On a full disk it ends with the last frame for which there was room.
 */
export class Mp4File {
  bytes = 0
  /** Frames that came before the first keyframe of their track, which nothing could show. */
  skippedFrames = 0
  readonly #file: AtomicFile
  readonly #room: RoomAhead
  /** What the file may come to hold with its index. */
  #mostBytes = INDEX_BYTES
  readonly #output: InstanceType<Mediabunny['Output']>
  readonly #writers: ReadonlyMap<number, Writer>
  /** The index as mediabunny wrote it, at the end of the file. */
  #moov: { readonly bytes: Uint8Array; readonly at: number } | undefined

  private constructor(
    file: AtomicFile,
    output: InstanceType<Mediabunny['Output']>,
    writers: ReadonlyMap<number, Writer>,
  ) {
    this.#file = file
    this.#room = new RoomAhead(file)
    this.#output = output
    this.#writers = writers
  }

  static async open(path: string, tracks: readonly Track[], mediabunny: Mediabunny): Promise<Mp4File> {
    const { Mp4OutputFormat, Output, StreamTarget } = mediabunny
    const file = await AtomicFile.open(path)
    const target = new StreamTarget(
      new WritableStream({
        write: async ({ data, position }: { data: Uint8Array; position: number }) => {
          await file.writeAll([data], position)
          mp4.bytes = Math.max(mp4.bytes, position + data.length)
        },
      }),
      { chunked: true, chunkSize: WRITE_BYTES },
    )
    const onMoov = (bytes: Uint8Array, at: number) => {
      mp4.#moov = { bytes: Uint8Array.from(bytes), at }
    }
    const output = new Output({ format: new Mp4OutputFormat({ fastStart: false, onMoov }), target })
    const writers = new Map(
      tracks.map(track => [track.number, writerOf(mediabunny, output, mp4Track(track))]),
    )
    const mp4 = new Mp4File(file, output, writers)
    await output.start()
    return mp4
  }

  get path(): string {
    return this.#file.path
  }

  /** True when the frame was written; false when it is one that nothing could show. */
  async add({ frame, timeMs, endMs }: PlacedFrame): Promise<boolean> {
    const writer = this.#writers.get(frame.track)!
    const { mp4 } = writer
    if (!writer.hasKeyframe && !frame.keyframe) {
      this.skippedFrames++
      return false
    }
    const data = isMadeOfKeyframe(mp4) ? frame.data : payloadOf(mp4, frame.data)
    const mostBytes = this.#mostBytes + data.length + FRAME_INDEX_BYTES
    if (!this.#room.has(mostBytes)) await this.#room.make(mostBytes)
    this.#mostBytes = mostBytes
    writer.hasKeyframe = true
    if (frame.keyframe) writer.floorMs = writer.latestMs
    const atMs = Math.max(0, timeMs, writer.floorMs)
    writer.latestMs = Math.max(writer.latestMs, atMs)
    const samples = mp4.type === 'audio' ? mp4.samplesOf(frame.data) : undefined
    const ticks = mp4.type === 'audio' ? writer.clock.place(atMs, samples) : (atMs * mp4.timescale) / 1000
    const lastsTicks = samples ?? ((endMs - timeMs) * mp4.timescale) / 1000
    const { atStart, atEnd } = discardedSamples(mp4, frame)
    if (!writer.hasFrames) writer.trimTicks = atStart
    writer.hasFrames = true
    writer.isTrimmed ||= atEnd > 0
    await writer.add({
      data,
      keyframe: frame.keyframe,
      seconds: (ticks - writer.delayTicks) / mp4.timescale,
      durationSeconds: Math.max(0, lastsTicks - atEnd) / mp4.timescale,
    })
    return true
  }

  /** Writes the index, and gives the file its name; where that fails, what there is stays under its temporary one. */
  async finish(): Promise<void> {
    try {
      await this.#output.finalize()
      await this.#patchIndex()
      await this.#room.end(this.bytes)
    } catch (error) {
      await this.#file.handle.close()
      throw error
    }
    await this.#file.commit()
  }

  /** The index is the last box: it may grow, and no offset in it changes. */
  async #patchIndex(): Promise<void> {
    const { bytes, at } = this.#moov!
    const writers = [...this.#writers.values()]
    const trims = writers.map(({ trimTicks, isTrimmed, mp4 }) => ({
      ...{ startTicks: trimTicks, isTrimmed, timescale: mp4.timescale },
    }))
    const patched = withTrims(
      withVideoSettings(
        bytes,
        writers.map(({ mp4 }) => videoSettingsOf(mp4)),
      ),
      trims,
    )
    await this.#file.writeAll([patched], at)
    this.bytes = at + patched.length
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    await this.#output.cancel()
    await this.#file.discard()
  }
}

function writerOf(mediabunny: Mediabunny, output: InstanceType<Mediabunny['Output']>, mp4: Mp4Track): Writer {
  const { EncodedAudioPacketSource, EncodedPacket, EncodedVideoPacketSource } = mediabunny
  const packetOf = ({ data, keyframe, seconds, durationSeconds }: PacketFacts) =>
    new EncodedPacket(data, keyframe ? 'key' : 'delta', seconds, durationSeconds)
  const state = {
    mp4,
    delayTicks: delayTicksOf(mp4),
    clock: new SampleClock(mp4.timescale),
    floorMs: 0,
    latestMs: 0,
    hasKeyframe: false,
    hasFrames: false,
    trimTicks: 0,
    isTrimmed: false,
  }
  if (mp4.type === 'audio') {
    const source = new EncodedAudioPacketSource(mp4.codec)
    const meta = { decoderConfig: mp4.config }
    output.addAudioTrack(source, namesOf(mp4))
    return { ...state, add: facts => source.add(packetOf(facts), meta) }
  }
  const source = new EncodedVideoPacketSource(mp4.codec)
  const meta = { decoderConfig: mp4.config }
  // Its frames' times are in whole milliseconds: not its rate, but what makes its timescale.
  output.addVideoTrack(source, { ...namesOf(mp4), frameRate: mp4.timescale })
  return { ...state, add: facts => source.add(packetOf(facts), meta) }
}

function delayTicksOf({ track: { codecDelayMs = 0 }, timescale }: Mp4Track): number {
  return Math.round((codecDelayMs * timescale) / 1000)
}

/** Without codec data in the payload, mediabunny makes them of Annex B, and takes that alone. */
function isMadeOfKeyframe(mp4: Mp4Track): boolean {
  return mp4.type === 'video' && mp4.config.description === undefined
}
