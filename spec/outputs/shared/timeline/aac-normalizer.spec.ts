import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { MkvSegmentMerger } from '../../../../lib/outputs/mkv/mkv-segment-merger.ts'
import { adts } from '../../../support/adts.ts'
import { type FrameOptions, fragment, payload, type TrackOptions } from '../../../support/mkv-builder.ts'
import { eventsOf, readMkv } from '../../media.ts'

/** What Matroska holds of AAC that came in other forms; MP4 and HLS take their frames from the same place. */

const LC_MONO = Uint8Array.of(0x12, 0x08)
const audio = { samplingFrequencyHz: 44_100, channels: 1 }
const aac = (more: Partial<TrackOptions> = {}): TrackOptions => ({ type: 'audio', audio, ...more })

async function written(tracks: readonly TrackOptions[], ...parts: readonly (readonly FrameOptions[])[]) {
  const fragments = parts.map((frames, index) =>
    fragment({ number: String(index + 1), timestamp: index * 1000, tracks, frames }),
  )
  const events = await eventsOf(payload(...fragments))
  const bytes = await buffer(Readable.from(events).pipe(new MkvSegmentMerger()))
  const read = readMkv(bytes)
  return {
    tracks: read.flatMap(event => (event.type === 'tracks' ? event.tracks : [])),
    frames: read.flatMap(event =>
      event.type === 'frame' ? [`${event.track}@${event.timestampMs} ${Buffer.from(event.data)}`] : [],
    ),
  }
}

describe('AAC with ADTS headers', () => {
  it('loses them, and keeps the CodecPrivate that it has', async () => {
    const frames = ['one', 'two'].map((text, index) => ({ at: index * 23, data: adts(Buffer.from(text)) }))
    const codecPrivate = Uint8Array.of(0x12, 0x10)
    const found = await written([aac({ codecPrivate })], frames)
    assert.deepEqual(found.frames, ['1@0 one', '1@23 two'])
    assert.deepEqual(found.tracks[0]?.codecPrivate, codecPrivate)
  })

  it('gets the configuration of its first header where it has none, also behind frames of video', async () => {
    const frames = [
      { track: 1, at: 0, keyframe: true, data: 'picture' },
      { track: 1, at: 10, data: 'another' },
      { track: 2, at: 0, data: adts(Buffer.from('one'), { hasCrc: true }) },
      { track: 2, at: 23, data: adts(Buffer.from('two'), { hasCrc: true }) },
    ]
    const found = await written([{}, aac()], frames, frames)
    assert.deepEqual(found.frames.slice(0, 4), ['1@0 picture', '1@10 another', '2@0 one', '2@23 two'])
    assert.equal(found.frames.length, 8)
    // One header: both fragments have the same tracks.
    assert.deepEqual(
      found.tracks.map(({ codecId, codecPrivate }) => [codecId, codecPrivate]),
      [
        ['V_MPEG4/ISO/AVC', undefined],
        ['A_AAC', LC_MONO],
      ],
    )
  })

  it('is split where a block holds several frames', async () => {
    const block = Buffer.concat(['one', 'two', 'six'].map(text => adts(Buffer.from(text))))
    const found = await written([aac()], [{ data: block }])
    assert.deepEqual(found.frames, ['1@0 one', '1@23 two', '1@46 six'])
  })

  it('loses the header of a frame that is cut off, in a track whose first frame was whole', async () => {
    const frames = [
      { at: 0, data: adts(Buffer.from('one')) },
      { at: 23, data: adts(Buffer.from('two')).subarray(0, -1) },
      { at: 46, data: 'raw' },
    ]
    assert.deepEqual((await written([aac()], frames)).frames, ['1@0 one', '1@23 tw', '1@46 raw'])
  })

  it('is an error where frames cannot be told apart', async () => {
    const data = adts(Buffer.from('one'), { rawDataBlocks: 2 })
    await assert.rejects(written([aac()], [{ data }]), {
      code: 'ERR_OUTPUT',
      message: /track 1 at 0 ms holds 2 raw data blocks/,
    })
  })

  it('keeps its track where the headers do not tell the channels', async () => {
    const found = await written([aac()], [{ data: adts(Buffer.from('one'), { channels: 0 }) }])
    assert.deepEqual([found.tracks[0]?.codecPrivate, found.frames], [undefined, ['1@0 one']])
  })
})

describe('AAC without ADTS headers', () => {
  it('passes as it came, whatever its later frames look like', async () => {
    const lookalike = adts(Buffer.from('two'))
    const found = await written(
      [aac({ codecPrivate: LC_MONO })],
      [
        { at: 0, data: 'one' },
        { at: 23, data: lookalike },
      ],
    )
    assert.deepEqual(found.frames, ['1@0 one', `1@23 ${lookalike}`])
  })

  it('passes as it came where the track has no configuration, as of Amazon Connect, which sends PCM', async () => {
    const found = await written([aac()], [{ at: 0, data: 'samples' }])
    assert.deepEqual(found.frames, ['1@0 samples'])
    assert.equal(found.tracks[0]?.codecPrivate, undefined)
  })

  it('gets the id and the configuration of today where it has one of the older ids', async () => {
    const [track] = (await written([aac({ codecId: 'A_AAC/MPEG4/LC' })], [{ data: 'one' }])).tracks
    assert.deepEqual([track?.codecId, track?.codecPrivate], ['A_AAC', LC_MONO])
  })

  it('does not hold more than some frames for a track that has none', async () => {
    const pictures = Array.from({ length: 300 }, (_, index) => ({
      ...{ at: index * 40, keyframe: index === 0, data: `p${index}` },
    }))
    const found = await written([{}, aac()], pictures)
    assert.equal(found.frames.length, 300)
  })
})
