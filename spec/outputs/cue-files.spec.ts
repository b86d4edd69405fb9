import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { CueExtractor } from '../../lib/outputs/cues/cue-extractor.ts'
import { cueLines } from '../../lib/outputs/cues/cue-file.ts'
import { cueTime } from '../../lib/outputs/cues/cue-time.ts'
import { type FrameOptions, fragment, payload, type TrackOptions } from '../support/mkv-builder.ts'
import { CAPTIONS, caption, fileOf, picture, VIDEO } from './cue-payload.ts'
import { eventsOf } from './media.ts'

const BOTH = [VIDEO, CAPTIONS]

async function file(
  format: 'srt' | 'webvtt',
  frames: readonly FrameOptions[],
  tracks: TrackOptions[] = BOTH,
) {
  return await fileOf(await eventsOf(fragment({ tracks, frames })), { format })
}

/** `start --> end text` of each cue of an SRT file, in milliseconds. */
function spans(srt: string): string[] {
  const ms = (time: string) =>
    time.split(/[:,]/).reduce((sum, part, index) => sum * (index === 3 ? 1000 : 60) + Number(part), 0)
  return Array.from(srt.matchAll(/^\d+\n(\S+) --> (\S+)\n(.+)\n\n/gm), ([, start = '', end = '', text]) => {
    return `${ms(start)} --> ${ms(end)} ${text}`
  })
}

const srtSpans = async (frames: readonly FrameOptions[], tracks?: TrackOptions[]) =>
  spans(await file('srt', frames, tracks))

describe('an SRT file', () => {
  it('numbers its cues, and has their lines as they were sent', async () => {
    const frames = [picture(0), caption(1, '<i>a</i>\r\nb & c', 60_000), caption(61_000, 'd', 10)]
    const parts = [fragment({ tracks: BOTH, frames: frames.slice(0, 2) })]
    parts.push(
      fragment({
        ...{ tracks: BOTH, timestamp: 61_000, producerTimestamp: '1700000061' },
        frames: [caption(0, 'd', 10)],
      }),
    )
    assert.equal(
      await fileOf(await eventsOf(payload(...parts)), { format: 'srt' }),
      '1\n00:00:00,001 --> 00:01:00,001\n<i>a</i>\nb & c\n\n2\n00:01:01,000 --> 00:01:01,010\nd\n\n',
    )
  })

  it('of a stream without text is empty', async () => {
    assert.equal(await file('srt', [picture(0)]), '')
  })

  it('has the plain text of ASS and of WebVTT', async () => {
    const of = (codecId: string, data: string) =>
      srtSpans([caption(0, data, 9)], [VIDEO, { ...CAPTIONS, codecId }])
    assert.deepEqual(
      [
        ...(await of('S_TEXT/ASS', '0,0,,,,,,,{\\b1}a, b{\\r}')),
        ...(await of('S_TEXT/WEBVTT', '<v Bob>a &lt; b')),
        ...(await of('D_WEBVTT/SUBTITLES', 'id\nline:0\n<b>a</b>')),
      ],
      ['0 --> 9 a, b', '0 --> 9 a < b', '0 --> 9 a'],
    )
  })

  it('parts an arrow, leaves empty lines out, and ends at a NUL', async () => {
    assert.equal(
      await file('srt', [caption(0, '\n\na\r\r \n\t\nb --> c\n\0d', 9)]),
      '1\n00:00:00,000 --> 00:00:00,009\na\nb -- > c\n\n',
    )
  })
})

describe('a WebVTT file', () => {
  it('begins with a note of when it begins', async () => {
    assert.equal(
      await file('webvtt', [picture(0), caption(500, 'a & b', 250)]),
      'WEBVTT\n\nNOTE\n00:00:00.000 is 2023-11-14T22:13:20.000Z\n\n' +
        '00:00:00.500 --> 00:00:00.750\na &amp; b\n\n',
    )
  })

  it('of a stream without text is a file without cues, with a note if the time is known', async () => {
    const note = 'NOTE\n00:00:00.000 is 2023-11-14T22:13:20.000Z\n\n'
    assert.equal(await file('webvtt', [picture(0)]), `WEBVTT\n\n${note}`)
    assert.equal(await fileOf([], { format: 'webvtt' }), 'WEBVTT\n\n')
  })

  /** What a text becomes, with its identifier and settings. */
  const cueOf = async (codecId: string, data: string) => {
    const text = await file('webvtt', [caption(0, data, 9)], [VIDEO, { ...CAPTIONS, codecId }])
    return text.slice(text.indexOf('Z\n\n') + 3)
  }
  const TIMES = '00:00:00.000 --> 00:00:00.009'
  const cases: [name: string, codecId: string, data: string, expected: string][] = [
    [
      'keeps bold, italic and underlined of SRT',
      'S_TEXT/UTF8',
      '<B>a</B> <font color="red">b</font>{\\an8} <c>',
      `${TIMES}\n<b>a</b> b &lt;c&gt;\n\n`,
    ],
    [
      'escapes the plain text of ASS',
      'S_TEXT/ASS',
      '0,0,,,,,,,{\\b1}a\\N\\N<b> & --> c',
      `${TIMES}\na\n&lt;b&gt; &amp; --&gt; c\n\n`,
    ],
    [
      'has the text of WebVTT as it is',
      'S_TEXT/WEBVTT',
      '<v Bob>a &amp; <i.x>b</i>',
      `${TIMES}\n<v Bob>a &amp; <i.x>b</i>\n\n`,
    ],
    [
      'has identifiers and settings',
      'D_WEBVTT/SUBTITLES',
      'one\nline:0 align:end\na',
      `one\n${TIMES} line:0 align:end\na\n\n`,
    ],
    [
      'leaves no arrow anywhere but in times',
      'D_WEBVTT/SUBTITLES',
      'a-->b\nx-->y\n1 --> 2',
      `ab\n${TIMES} xy\n1 --&gt; 2\n\n`,
    ],
    ['leaves an identifier out that names a block', 'D_WEBVTT/SUBTITLES', 'NOTE 1\n\na', `${TIMES}\na\n\n`],
  ]
  for (const [name, codecId, data, expected] of cases) {
    it(name, async () => assert.equal(await cueOf(codecId, data), expected))
  }

  it('has no texts for programs, unless their track is chosen', async () => {
    const tracks: TrackOptions[] = [VIDEO, { type: 'metadata', codecId: 'D_WEBVTT/METADATA', name: 'gps' }]
    const events = await eventsOf(fragment({ tracks, frames: [picture(0), caption(0, '\n\n{"lat":1}', 9)] }))
    assert.doesNotMatch(await fileOf(events, { format: 'webvtt' }), /lat/)
    assert.match(await fileOf(events, { format: 'webvtt', track: 'gps' }), /-->.*\n\{"lat":1\}\n\n$/)
  })
})

describe('a cue without a duration', () => {
  it('ends at the next of its track, or after the default', async () => {
    const frames = [
      picture(0),
      caption(0, 'a'),
      caption(1200, 'b'),
      caption(9000, 'c', 0),
      caption(9500, 'd'),
    ]
    assert.deepEqual(await srtSpans(frames), [
      '0 --> 1200 a',
      '1200 --> 6200 b',
      '9000 --> 9500 c',
      '9500 --> 14500 d',
    ])
    const events = await eventsOf(fragment({ tracks: BOTH, frames }))
    assert.deepEqual(spans(await fileOf(events, { format: 'srt', defaultDurationMs: 300 })), [
      '0 --> 300 a',
      '1200 --> 1500 b',
      '9000 --> 9300 c',
      '9500 --> 9800 d',
    ])
  })

  it('ends at an empty one, which is not written', async () => {
    const frames = [caption(0, 'a'), caption(800, ''), caption(900, '{\\an8}'), caption(2000, 'b', 50)]
    assert.deepEqual(await srtSpans(frames), ['0 --> 800 a', '2000 --> 2050 b'])
  })

  it('is not ended by another track', async () => {
    const frames = [caption(0, 'a'), { ...caption(500, 'b', 100), track: 3 }, caption(2000, 'c', 1)]
    const tracks = [VIDEO, CAPTIONS, { ...CAPTIONS, name: 'other' }]
    assert.deepEqual(await srtSpans(frames, tracks), ['0 --> 2000 a', '500 --> 600 b', '2000 --> 2001 c'])
  })

  it('has no longer than the default where the tracks are out of step, too', async () => {
    const other = (at: number, text: string) => ({ ...caption(at, text), track: 3 })
    const frames = [picture(0), caption(1000, 'a'), other(500, 'b'), other(5800, 'c'), caption(7000, 'd', 1)]
    const tracks = [VIDEO, CAPTIONS, { ...CAPTIONS, name: 'other' }]
    assert.deepEqual(await srtSpans(frames, tracks), [
      '1000 --> 6000 a',
      '500 --> 5500 b',
      '5800 --> 10800 c',
      '7000 --> 7001 d',
    ])
  })

  it('is written once another frame shows that it is over', async () => {
    const frames = [picture(0), caption(0, 'a'), picture(4999)]
    const events = await eventsOf(
      payload(
        fragment({ tracks: BOTH, frames }),
        fragment({ tracks: BOTH, timestamp: 5000, frames: [picture(0)] }),
      ),
    )
    const before = events.slice(
      0,
      events.findLastIndex(({ type }) => type === 'frame'),
    )
    const parts: string[] = []
    const extractor = new CueExtractor({ format: 'srt' })
    extractor.on('data', (part: Buffer) => parts.push(part.toString()))
    for (const event of before) extractor.write(event)
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    assert.deepEqual(parts, [])
    for (const event of events.slice(before.length)) extractor.write(event)
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    assert.deepEqual(spans(parts.join('')), ['0 --> 5000 a'])
  })

  it('does not make more than 64 wait', async () => {
    const frames = Array.from({ length: 100 }, (_, index) => ({
      ...caption(index + 1, `${index}`, 1),
      track: 3,
    }))
    const tracks = [VIDEO, CAPTIONS, { ...CAPTIONS, name: 'other' }]
    const events = await eventsOf(fragment({ tracks, frames: [caption(0, 'open'), ...frames] }))
    const extractor = new CueExtractor({ format: 'srt' })
    let text = ''
    extractor.on('data', (part: Buffer) => {
      text += part
    })
    for (const event of events) extractor.write(event)
    for (let turn = 0; turn < 300; turn++) await new Promise(setImmediate)
    assert.equal(spans(text).length, 101)
    assert.equal(spans(text)[0], '0 --> 5000 open')
  })
})

describe('the text of a file', () => {
  const time = /^(\d{2,}):([0-5]\d):([0-5]\d)[.,](\d{3})$/

  it('tells any time to the millisecond', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 50 }),
        fc.constantFrom('.' as const, ',' as const),
        (ms, mark) => {
          const [, hours, minutes, seconds, rest] = time.exec(cueTime(ms, mark))!.map(Number)
          assert.equal(((hours! * 60 + minutes!) * 60 + seconds!) * 1000 + rest!, ms)
          assert.ok(cueTime(ms, mark).includes(mark))
        },
      ),
    )
    assert.deepEqual([cueTime(-1, '.'), cueTime(0.6, ',')], ['00:00:00.000', '00:00:00,001'])
  })

  it('never ends a cue early, and loses nothing that shows', () => {
    const unit = fc.constantFrom('\n', '\r', ' ', '\0', 'a', '-->', '<', '\t', '\u00a0')
    fc.assert(
      fc.property(fc.string({ unit }), text => {
        const lines = cueLines(text)
        assert.doesNotMatch(lines, /^\s*$(?!\s*$)|[\r\0]|\n\s*\n|^\n|\n$/)
        assert.equal(lines.replace(/\s/g, ''), text.replace(/[\s\0]/g, ''))
      }),
    )
  })

  const MUCH_BYTES = 256 * 1024
  for (const unit of [
    '\0x',
    '\n',
    '<',
    '{',
    '{\\p1',
    '<b ',
    '&',
    '&#',
    '-->',
    '<font ',
    '\r\n<',
    ',',
    '</',
    '{\\',
  ]) {
    it(`is written of 256 KiB of ${JSON.stringify(unit)}`, async () => {
      const text = unit.repeat(Math.floor(MUCH_BYTES / unit.length))
      for (const codecId of ['S_TEXT/UTF8', 'S_TEXT/ASS', 'S_TEXT/WEBVTT', 'D_WEBVTT/CAPTIONS']) {
        const head = { 'S_TEXT/ASS': '0,0,,,,,,,', 'D_WEBVTT/CAPTIONS': '\n\n' }[codecId] ?? ''
        const tracks = [VIDEO, { ...CAPTIONS, codecId }]
        for (const format of ['srt', 'webvtt'] as const) {
          assert.match(await file(format, [caption(0, `${head}a${text}z`, 9)], tracks), /00:00\S009\na/)
        }
      }
    })
  }

  it('is one block for each cue, whatever the text', async () => {
    const unit = fc.oneof(
      fc.constantFrom(
        '\n',
        '\r\n',
        '-->',
        '1\n00:00:01,000 --> 00:00:02,000\n',
        '<b>',
        '{\\b}',
        '&',
        'NOTE',
        ' ',
      ),
      fc.string({ maxLength: 3 }),
    )
    const codecs = fc.constantFrom('S_TEXT/UTF8', 'S_TEXT/ASS', 'S_TEXT/WEBVTT', 'D_WEBVTT/CAPTIONS')
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit }), { maxLength: 8 }), codecs, async (texts, codecId) => {
        const head = codecId === 'S_TEXT/ASS' ? '0,0,,,,,,,' : ''
        const frames = texts.map((text, index) => caption(index * 10, `${head}x${text}x\0junk`, 9))
        const tracks = [VIDEO, { ...CAPTIONS, codecId }]
        for (const format of ['srt', 'webvtt'] as const) {
          const blocks = (await file(format, [picture(0), ...frames], tracks)).split('\n\n').slice(0, -1)
          const cues = format === 'srt' ? blocks : blocks.slice(2)
          assert.equal(cues.length, texts.length)
          for (const cue of cues) assert.equal(cue.split('-->').length, 2, cue)
        }
      }),
      { numRuns: 60 },
    )
  })
})
