import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { FragmentEvent } from '../../../lib/index.ts'
import { CueExtractor } from '../../../lib/outputs/cues/cue-extractor.ts'
import {
  cluster,
  document,
  fragment,
  info,
  payload,
  type TrackOptions,
  tracks,
} from '../../support/mkv-builder.ts'
import { CAPTIONS, caption, cuesOf, deflated, picture, VIDEO } from '../cue-payload.ts'
import { eventsOf, writeAll } from '../media.ts'

const BOTH = [VIDEO, CAPTIONS]

/** What one frame of a track with this codec says. */
async function cueOf(codecId: string, data: string | Uint8Array, track: TrackOptions = CAPTIONS) {
  const tracks = [VIDEO, { ...track, codecId }]
  const [cue, ...others] = await cuesOf(await eventsOf(fragment({ tracks, frames: [caption(0, data)] })))
  assert.deepEqual(others, [])
  const { plainText, text, identifier, settings, ass } = cue!
  return { plainText, text, identifier, settings, ass }
}
const plain = (text: string, plainText = text) => ({
  ...{ plainText, text, identifier: undefined, settings: undefined, ass: undefined },
})

describe('CueExtractor', () => {
  it('gives the texts of all fragments with their times by every clock', async () => {
    const events = await eventsOf(
      payload(
        fragment({
          ...{ number: '91', tracks: BOTH, timestamp: 5000, producerTimestamp: '1700000000.250' },
          frames: [picture(0), caption(100, 'one', 1500), picture(500)],
        }),
        fragment({
          ...{ number: '92', tracks: BOTH, timestamp: 6000, producerTimestamp: '1700000001.250' },
          frames: [picture(0), caption(40, 'two'), picture(500)],
        }),
      ),
    )
    const track = { number: 2, name: 'captions', language: 'de', codecId: 'S_TEXT/UTF8' }
    assert.deepEqual(await cuesOf(events), [
      {
        type: 'cue',
        wallClock: new Date(1_700_000_000_350),
        endWallClock: new Date(1_700_000_001_850),
        ...{ startMs: 100, endMs: 1600, durationMs: 1500, timestampMs: 5100 },
        ...{ fragmentNumber: '91', track, plainText: 'one', text: 'one' },
      },
      {
        type: 'cue',
        wallClock: new Date(1_700_000_001_290),
        endWallClock: null,
        ...{ startMs: 1040, endMs: undefined, durationMs: undefined, timestampMs: 6040 },
        ...{ fragmentNumber: '92', track, plainText: 'two', text: 'two' },
      },
    ])
  })

  it('gives a cue as soon as its frame has its place, before the fragment is over', async () => {
    const frames = [0, 10, 20, 30, 40, 50, 60].map(picture)
    const events = await eventsOf(fragment({ tracks: BOTH, frames: [...frames, caption(65, 'at once')] }))
    const extractor = new CueExtractor()
    await writeAll(extractor, events.slice(0, -1))
    assert.equal(extractor.read().text, 'at once')
  })

  it('keeps a gap, and joins a restart, on one rising timeline', async () => {
    const at = (timestamp: number, seconds: string, text: string) =>
      fragment({
        ...{ number: text, tracks: BOTH, timestamp, producerTimestamp: seconds, serverTimestamp: seconds },
        frames: [picture(0), picture(500), caption(600, text, 100), picture(1000)],
      })
    const events = await eventsOf(
      payload(at(0, '1700000000', 'first'), at(10_000, '1700000010', 'gap'), at(0, '1700000015', 'restart')),
    )
    const times = async (gaps: 'keep' | 'close') =>
      (await cuesOf(events, { gaps })).map(({ startMs }) => startMs)
    assert.deepEqual(await times('keep'), [600, 10_600, 15_600])
    assert.deepEqual(await times('close'), [600, 2100, 3600])
  })

  it('takes no wall clock for known where the payload tells none', async () => {
    const frames = [caption(0, 'when?', 10)]
    const events = await eventsOf(
      fragment({ tracks: BOTH, frames, producerTimestamp: null, serverTimestamp: null }),
    )
    const [cue] = await cuesOf(events)
    assert.deepEqual([cue?.wallClock, cue?.endWallClock, cue?.endMs], [null, null, 10])
  })

  it('passes over a stream without text', async () => {
    assert.deepEqual(await cuesOf(await eventsOf(fragment())), [])
    assert.deepEqual(await cuesOf([]), [])
  })
})

describe('CueExtractor reads', () => {
  const event = '7,1,Top,Anna,0010,20,0,fx,{\\an8}One, two\\Nthree\\hfour'
  const assFields = {
    ...{ readOrder: 7, style: 'Top', name: 'Anna', marginL: 10, marginR: 20, marginV: 0, effect: 'fx' },
  }
  const assText = {
    ...plain('{\\an8}One, two\\Nthree\\hfour', 'One, two\nthree\u00a0four'),
  }
  for (const codecId of ['S_TEXT/ASS', 'S_ASS']) {
    it(`${codecId}, the fields apart from the text`, async () => {
      assert.deepEqual(await cueOf(codecId, event), { ...assText, ass: { ...assFields, layer: 1 } })
    })
  }
  for (const codecId of ['S_TEXT/SSA', 'S_SSA']) {
    it(`${codecId}, which has no layer`, async () => {
      assert.deepEqual(await cueOf(codecId, event), { ...assText, ass: { ...assFields, layer: undefined } })
    })
  }
  for (const codecId of ['S_TEXT/UTF8', 'S_TEXT/ASCII']) {
    it(`${codecId}, as it is`, async () => {
      const text = '<i>Grüße</i>, 世界 🎈\r\na < b {\\an8}'
      assert.deepEqual(await cueOf(codecId, text), plain(text, 'Grüße, 世界 🎈\na < b'))
    })
  }
  it('S_TEXT/WEBVTT, a cue’s text alone', async () => {
    const text = '<v Bob>1 &lt; 2 &amp; <00:01.000>&#x1F388;&copy;'
    assert.deepEqual(await cueOf('S_TEXT/WEBVTT', text), plain(text, '1 < 2 & 🎈&copy;'))
  })
  for (const kind of ['SUBTITLES', 'CAPTIONS', 'DESCRIPTIONS', 'METADATA']) {
    it(`D_WEBVTT/${kind}, with identifier and settings`, async () => {
      const metadata: TrackOptions = { type: 'metadata' }
      assert.deepEqual(
        await cueOf(`D_WEBVTT/${kind}`, 'id 1\r\nline:0 align:end\r\ntwo\nlines\n', metadata),
        {
          ...plain('two\nlines'),
          ...{ identifier: 'id 1', settings: 'line:0 align:end' },
        },
      )
      assert.deepEqual(await cueOf(`D_WEBVTT/${kind}`, '\n\ntext', metadata), plain('text'))
    })
  }

  it('what lacks its fields, whole', async () => {
    assert.deepEqual(await cueOf('S_TEXT/ASS', '7,1,Hello, you'), plain('7,1,Hello, you'))
    assert.deepEqual(await cueOf('D_WEBVTT/SUBTITLES', 'no lines'), plain('no lines'))
  })

  it('drawings of ASS as nothing to read, and braces that are not closed as text', async () => {
    const event = '0,0,,,,,,,{\\p1}m 0 0 l 9 9{\\p0}drawn{note}{\\pos(1,2)} {open'
    assert.equal((await cueOf('S_TEXT/ASS', event)).plainText, 'drawn {open')
    assert.deepEqual((await cueOf('S_TEXT/ASS', '0,,,,x,,,,')).ass?.marginL, undefined)
  })

  it('empty texts, which clear the screen, and ends a text at its first NUL', async () => {
    assert.deepEqual(await cueOf('S_TEXT/UTF8', ''), plain(''))
    assert.deepEqual(await cueOf('S_TEXT/UTF8', 'NUL\0\0'), plain('NUL'))
    assert.deepEqual(await cueOf('S_TEXT/UTF8', 'N\0L'), plain('N'))
    assert.deepEqual(await cueOf('S_TEXT/UTF8', '\0junk'), plain(''))
    assert.equal((await cueOf('S_TEXT/ASS', '0,0,Default,,0,0,0,,Line\0junk,{\\b1}')).plainText, 'Line')
  })

  for (const codecId of [
    ...['S_TEXT/UTF8', 'S_TEXT/ASCII', 'S_TEXT/ASS', 'S_ASS', 'S_TEXT/SSA', 'S_SSA', 'S_TEXT/WEBVTT'],
    ...['D_WEBVTT/SUBTITLES', 'D_WEBVTT/CAPTIONS', 'D_WEBVTT/DESCRIPTIONS', 'D_WEBVTT/METADATA'],
  ]) {
    it(`${codecId} without what follows a NUL`, async () => {
      const fields = /SSA?$/.test(codecId) ? '0,0,Default,,0,0,0,,' : codecId.startsWith('D_') ? 'id\n\n' : ''
      const junk = Buffer.from('00fffe2c0a2d2d3e207b', 'hex')
      const track = { ...CAPTIONS, codecId }
      const cue = await cueOf(codecId, Buffer.concat([Buffer.from(`${fields}Two\nlines`), junk]), track)
      assert.deepEqual([cue.text, cue.plainText], ['Two\nlines', 'Two\nlines'])
    })
  }

  it('texts of tracks with zlib or header stripping', async () => {
    const zlib = { ...CAPTIONS, zlib: true }
    assert.deepEqual(await cueOf('S_TEXT/UTF8', deflated('small'), zlib), plain('small'))
    assert.deepEqual(
      await cueOf('S_TEXT/UTF8', 'rest', { ...CAPTIONS, headerStripping: 'the ' }),
      plain('the rest'),
    )
    assert.deepEqual((await cueOf('S_TEXT/ASS', deflated(event), zlib)).ass?.name, 'Anna')
  })

  it('the frames of a lace one by one, each after the other', async () => {
    const lace = {
      ...caption(0, ''),
      data: ['a', 'bb', ''],
      lacing: 'xiph',
      group: { durationTicks: 300 },
    } as const
    const cues = await cuesOf(await eventsOf(fragment({ tracks: BOTH, frames: [picture(0), lace] })))
    assert.deepEqual(
      cues.map(({ text, startMs, endMs, wallClock }) => [text, startMs, endMs, wallClock!.getTime() % 1000]),
      [
        ['a', 0, 100, 0],
        ['bb', 100, 200, 100],
        ['', 200, 300, 200],
      ],
    )
  })

  for (const timestamp of [2 ** 31, 2 ** 40, 2 ** 50]) {
    it(`texts at ${timestamp} ms`, async () => {
      const frames = [picture(0), caption(7, 'late', 5)]
      const [cue] = await cuesOf(await eventsOf(fragment({ tracks: BOTH, timestamp, frames })))
      assert.deepEqual(
        [cue?.timestampMs, cue?.startMs, cue?.endMs, cue?.text],
        [timestamp + 7, 7, 12, 'late'],
      )
    })
  }

  it('times in fractions of a millisecond', async () => {
    const blocks = [picture(0), caption(15, 'now', 14)]
    const file = document(info({ timestampScale: 100_000 }), tracks(BOTH), cluster({ blocks }))
    const [cue] = await cuesOf(await eventsOf(file))
    assert.deepEqual([cue?.timestampMs, cue?.startMs, cue?.durationMs, cue?.endMs], [1.5, 2, 1.4, 3])
  })

  it('any text as it was sent, each once and in order', async () => {
    const texts = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.string()), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(texts, async texts => {
        const frames = texts.map((data, index) => caption(index, data, 1))
        const cues = await cuesOf(await eventsOf(fragment({ tracks: BOTH, frames })))
        const sent = texts.map(text =>
          Buffer.from(text)
            .toString()
            .replace(/\0[\s\S]*$/, ''),
        )
        assert.deepEqual(
          cues.map(({ text }) => text),
          sent,
        )
      }),
      { numRuns: 50 },
    )
  })

  it('any bytes as a text', async () => {
    const codecs = fc.constantFrom('S_TEXT/UTF8', 'S_TEXT/ASS', 'S_SSA', 'S_TEXT/WEBVTT', 'D_WEBVTT/CAPTIONS')
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), codecs, async (data, codecId) => {
        const { text } = await cueOf(codecId, data)
        assert.ok(Buffer.from(data).toString().includes(text))
      }),
      { numRuns: 100 },
    )
  })
})

describe('CueExtractor chooses tracks', () => {
  const THREE: TrackOptions[] = [VIDEO, CAPTIONS, { ...CAPTIONS, name: 'other' }, { type: 'metadata' }]
  const all = fragment({
    tracks: THREE,
    frames: [2, 3, 4].map(track => ({ ...caption(track, `${track}`), track })),
  })
  const from = async (track?: number | string) =>
    (await cuesOf(await eventsOf(all), track === undefined ? {} : { track })).map(({ text }) => text)

  it('by number, by name, or all', async () => {
    assert.deepEqual(
      [await from(), await from(3), await from('captions'), await from('nobody')],
      [['2', '3', '4'], ['3'], ['2'], []],
    )
  })

  it('by name where their numbers change from fragment to fragment', async () => {
    const [, captions, other] = THREE as [TrackOptions, TrackOptions, TrackOptions]
    const part = (number: string, order: TrackOptions[], codecId: string) =>
      fragment({
        ...{ number, tracks: order.map(track => ({ ...track, codecId })), timestamp: Number(number) * 1000 },
        frames: [1, 2].map(track => ({
          track,
          at: track,
          data: `0,0,,,,,,,${order[track - 1]!.name} ${number}`,
        })),
      })
    const events = await eventsOf(
      payload(
        part('1', [captions, other], 'S_TEXT/UTF8'),
        part('2', [other, captions], 'S_TEXT/UTF8'),
        part('3', [other, captions], 'S_TEXT/ASS'),
      ),
    )
    const cues = await cuesOf(events, { track: 'captions' })
    assert.deepEqual(
      cues.map(({ track, plainText }) => [track.number, track.codecId, plainText]),
      [
        [1, 'S_TEXT/UTF8', '0,0,,,,,,,captions 1'],
        [2, 'S_TEXT/UTF8', '0,0,,,,,,,captions 2'],
        [2, 'S_TEXT/ASS', 'captions 3'],
      ],
    )
  })

  it('and fails for one that is no text, telling of those that are', async () => {
    await assert.rejects(from('eye'), {
      code: 'ERR_OUTPUT',
      message:
        /track 1 "eye" \(V_MJPEG\) is no text; of text are: track 2 "captions" \(S_TEXT\/UTF8\); track 3/,
    })
    const video = await eventsOf(fragment())
    await assert.rejects(cuesOf(video, { track: 1 }), { message: /the stream has none of text/ })
  })

  it('and fails for one that is encrypted, unless it is another', async () => {
    const events = (await eventsOf(all)).map((event): FragmentEvent => {
      if (event.type !== 'fragment-start') return event
      return { ...event, tracks: event.tracks.map(track => ({ ...track, encrypted: track.number === 2 })) }
    })
    await assert.rejects(cuesOf(events), { code: 'ERR_OUTPUT', message: /track 2 .* is encrypted/ })
    assert.equal((await cuesOf(events, { track: 3 })).length, 1)
  })
})

describe('CueExtractor is bounded', () => {
  it('refuses a text of more than 1 MiB', async () => {
    const of = (bytes: number) => fragment({ tracks: BOTH, frames: [caption(0, Buffer.alloc(bytes, 'x'))] })
    assert.equal((await cuesOf(await eventsOf(of(2 ** 20))))[0]?.text.length, 2 ** 20)
    await assert.rejects(cuesOf(await eventsOf(of(2 ** 20 + 1))), {
      code: 'ERR_OUTPUT',
      message: /1048577 bytes, where 1048576 are the most/,
    })
  })

  it('takes no more than its reader does', async () => {
    const frames = Array.from({ length: 200 }, (_, index) => caption(index, `${index}`))
    const [start, ...texts] = await eventsOf(
      fragment({ tracks: [VIDEO, CAPTIONS], frames: [picture(0), ...frames] }),
    )
    const extractor = new CueExtractor()
    let taken = 0
    const writing = writeAll(
      {
        write: (event, callback) =>
          extractor.write(event, error => {
            taken++
            callback(error)
          }),
      },
      [start!, ...texts],
    )
    for (let turn = 0; turn < 1000; turn++) await new Promise(setImmediate)
    assert.ok(taken < 60, `${taken} events were taken`)
    assert.equal(extractor.readableLength, 16)
    extractor.resume()
    await writing
  })

  it('is destroyed by its signal, in the middle of a text too', async () => {
    const controller = new AbortController()
    const extractor = new CueExtractor({ signal: controller.signal })
    const failure = new Promise(resolve => extractor.once('error', resolve))
    for (const event of await eventsOf(fragment({ tracks: BOTH, frames: [caption(0, 'never')] }))) {
      extractor.write(event)
    }
    controller.abort(new Error('enough'))
    assert.equal(((await failure) as { code: string }).code, 'ERR_ABORTED')
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
    assert.equal(extractor.read(), null)
  })

  it('fails for a frame of a track that its fragment does not declare', async () => {
    const events = await eventsOf(document(cluster({ blocks: [caption(0, 'x')] })))
    await assert.rejects(cuesOf(events), { code: 'ERR_OUTPUT', message: /^CueExtractor: a frame of track 2/ })
  })

  it('refuses options that are none', () => {
    const refused: object[] = [
      { format: 'vtt' },
      { track: 0 },
      { track: '' },
      { track: 1.5 },
      { defaultDurationMs: 0 },
      { gaps: 'fill' },
      { signal: 1 },
    ]
    for (const options of refused) {
      assert.throws(() => new CueExtractor(options), { code: 'ERR_INVALID_OPTION' }, JSON.stringify(options))
    }
  })
})
