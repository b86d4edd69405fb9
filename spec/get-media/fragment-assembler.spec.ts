import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { MkvLimitError, MkvSyntaxError } from '../../lib/core/errors.ts'
import type { FragmentEnd, FragmentEvent, FragmentStart } from '../../lib/get-media/events.ts'
import { FragmentAssembler, type FragmentAssemblerOptions } from '../../lib/get-media/fragment-assembler.ts'
import { PayloadError } from '../../lib/get-media/payload-error.ts'
import { MkvReader } from '../../lib/matroska/reader/mkv-reader.ts'
import { mutated, payloads } from '../matroska/arbitrary-payloads.ts'
import { assembled } from '../support/assembled.ts'
import {
  awsTags,
  cluster,
  document,
  errorChunk,
  type FragmentOptions,
  fragment,
  info,
  payload,
  tags,
  tracks,
} from '../support/mkv-builder.ts'

type Assembly = { readonly events: FragmentEvent[]; readonly error: Error | undefined }

/** Everything that an assembler gives for some bytes, and the error that ended it. */
function assemble(bytes: Uint8Array, options: Partial<FragmentAssemblerOptions> = {}): Assembly {
  const reader = new MkvReader()
  const assembler = new FragmentAssembler({ fragmentEnd: 'token', errorTags: 'raise', ...options })
  const events: FragmentEvent[] = []
  const drain = () => {
    for (let event = assembler.next(); event !== undefined; event = assembler.next()) events.push(event)
  }
  const readAll = () => {
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      for (const made of assembled(assembler, event)) events.push(made)
    }
  }
  try {
    reader.push(bytes)
    readAll()
    reader.end()
    readAll()
    assembler.end()
  } catch (error) {
    drain()
    return { events, error: error as Error }
  }
  return { events, error: undefined }
}

const AT_DOCUMENT = { fragmentEnd: 'document', errorTags: 'report' } as const
const typesOf = ({ events }: Assembly) => events.map(({ type }) => type)
const startsOf = ({ events }: Assembly) =>
  events.filter((event): event is FragmentStart => event.type === 'fragment-start')
const endsOf = ({ events }: Assembly) =>
  events.filter((event): event is FragmentEnd => event.type === 'fragment-end')
const startOf = (options: FragmentOptions) => startsOf(assemble(fragment(options)))[0]
const endOf = (options: FragmentOptions) => endsOf(assemble(fragment(options)))[0]
const plain = (record: object | undefined) => ({ ...record })

describe('FragmentAssembler starts a fragment', () => {
  it('with what its chunk says before the first frame', () => {
    const start = startOf({
      number: '91343852333181432392682062607743920146159169392',
      serverTimestamp: '1511852109.126',
      producerTimestamp: '1511852108.513',
      tracks: [{ name: 'door', codecId: 'V_TEST' }],
      headerTags: { ENCODER: 'x' },
    })
    const { tracks: given, tags: leading, ...rest } = start!
    assert.deepEqual(
      [rest, given.map(({ number, type, codecId, name }) => [number, type, codecId, name]), plain(leading)],
      [
        {
          type: 'fragment-start',
          fragmentNumber: '91343852333181432392682062607743920146159169392',
          producerTimestamp: new Date('2017-11-28T06:55:08.513Z'),
          serverTimestamp: new Date('2017-11-28T06:55:09.126Z'),
          producerTimestampText: '1511852108.513',
          serverTimestampText: '1511852109.126',
          codecConflicts: [],
        },
        [[1, 'video', 'V_TEST', 'door']],
        { ENCODER: 'x' },
      ],
    )
  })

  const timestamps: [text: string, expected: string | null][] = [
    ['1511852109.126', '2017-11-28T06:55:09.126Z'],
    ['1511852109', '2017-11-28T06:55:09.000Z'],
    ['1511852109.1', '2017-11-28T06:55:09.100Z'],
    ['1511852109.1269', '2017-11-28T06:55:09.126Z'],
    ['0.000', '1970-01-01T00:00:00.000Z'],
    ['-1.5', '1969-12-31T23:59:58.500Z'],
    ['soon', null],
    ['', null],
    ['1.5E9', null],
    ['9999999999999', null],
  ]
  for (const [text, expected] of timestamps) {
    it(`with the time "${text}" as ${expected}, and its text`, () => {
      const start = startOf({ producerTimestamp: text })
      assert.deepEqual(
        [start?.producerTimestamp?.toISOString() ?? null, start?.producerTimestampText],
        [expected, text],
      )
    })
  }

  it('with nulls where the chunk has none of the service’s tags', () => {
    const [start] = startsOf(assemble(document(cluster({ blocks: [{}] }))))
    const { fragmentNumber, producerTimestamp, serverTimestamp, producerTimestampText, serverTimestampText } =
      start!
    assert.deepEqual(
      [fragmentNumber, producerTimestamp, serverTimestamp, producerTimestampText, serverTimestampText],
      [null, null, null, null, null],
    )
  })

  it('once, however many clusters it has', () => {
    const input = document(tracks(), cluster({ blocks: [{}] }), cluster(), cluster({ blocks: [{}, {}] }))
    const assembly = assemble(input)
    assert.deepEqual(typesOf(assembly), ['fragment-start', 'frame', 'frame', 'frame', 'fragment-end'])
    assert.equal(endsOf(assembly)[0]?.frames, 3)
  })

  it('with the names that the archived-media pages use for the times', () => {
    const input = document(
      awsTags([
        ['SERVER_SIDE_TIMESTAMP', '1.5'],
        ['PRODUCER_SIDE_TIMESTAMP', '2.5'],
      ]),
      cluster(),
    )
    const [start] = startsOf(assemble(input))
    assert.deepEqual([start?.serverTimestampText, start?.producerTimestampText], ['1.5', '2.5'])
  })

  it('with the tags known by then, which later ones do not change', () => {
    const assembly = assemble(fragment({ headerTags: { a: '1' }, tags: { a: '2', b: '3' } }))
    assert.deepEqual(
      [plain(startsOf(assembly)[0]?.tags), plain(endsOf(assembly)[0]?.tags)],
      [{ a: '1' }, { a: '2', b: '3' }],
    )
  })
})

describe('FragmentAssembler gives frames', () => {
  const clock = (options: FragmentOptions) =>
    assemble(fragment(options)).events.flatMap(event =>
      event.type === 'frame' ? [event.wallClock?.toISOString() ?? null] : [],
    )
  const frames = [{ at: 0 }, { at: 40 }]
  const cases: [name: string, options: FragmentOptions, expected: (string | null)[]][] = [
    [
      'of a clock that counts from the producer’s start',
      { timestamp: 2000, frames, producerTimestamp: '1511852110.513' },
      ['2017-11-28T06:55:10.513Z', '2017-11-28T06:55:10.553Z'],
    ],
    [
      'of an epoch clock',
      { timestamp: 1_511_852_110_513, frames, producerTimestamp: '1511852110.513' },
      ['2017-11-28T06:55:10.513Z', '2017-11-28T06:55:10.553Z'],
    ],
    [
      'of a producer whose time is none: the server’s counts',
      { frames, producerTimestamp: '0.000', serverTimestamp: '1511852110.000' },
      ['2017-11-28T06:55:10.000Z', '2017-11-28T06:55:10.040Z'],
    ],
    [
      'of a producer whose time is all there is',
      { frames, producerTimestamp: '5.000', serverTimestamp: null },
      ['1970-01-01T00:00:05.000Z', '1970-01-01T00:00:05.040Z'],
    ],
    ['of no known time', { frames, producerTimestamp: null, serverTimestamp: null }, [null, null]],
    [
      'of a lace, each after the one before',
      {
        tracks: [{ defaultDurationNs: 20_000_000 }],
        frames: [{ lacing: 'xiph', data: ['a', 'b'] }],
        producerTimestamp: '1511852110.000',
      },
      ['2017-11-28T06:55:10.000Z', '2017-11-28T06:55:10.020Z'],
    ],
  ]
  for (const [name, options, expected] of cases)
    it(`with wall-clock times ${name}`, () => assert.deepEqual(clock(options), expected))

  it('with their fragment, track, time, flags and data', () => {
    const assembly = assemble(
      fragment({
        number: '7',
        timestamp: 100,
        tracks: [{}, {}],
        frames: [{ at: 5, track: 2, keyframe: true, data: 'abc' }],
      }),
    )
    const frame = assembly.events.find(event => event.type === 'frame')
    assert.deepEqual(plain(frame), {
      type: 'frame',
      fragmentNumber: '7',
      track: 2,
      timestampMs: 105,
      keyframe: true,
      invisible: false,
      discardable: false,
      durationMs: undefined,
      laceIndex: 0,
      data: Buffer.from('abc'),
    })
  })
})

describe('FragmentAssembler ends a fragment', () => {
  it('with its token, delay, counts and tags', () => {
    const end = endOf({
      number: '7',
      tracks: [{ codecId: 'V_TEST' }],
      token: 'T',
      behind: 910,
      frames: [{ data: 'abc' }, { data: '' }, { data: 'de' }],
      tags: { ContactId: 'c' },
    })
    const { tags: given, ...rest } = end!
    assert.deepEqual(
      [rest, plain(given)],
      [
        {
          type: 'fragment-end',
          fragmentNumber: '7',
          continuationToken: 'T',
          millisBehindNow: 910,
          errorId: null,
          errorCode: null,
          frames: 3,
          bytes: 5,
          events: [],
          codecConflicts: [],
          endedBy: 'token',
        },
        { ContactId: 'c' },
      ],
    )
  })

  it('as soon as its token tag has come, and not at the next header', () => {
    const reader = new MkvReader()
    const assembler = new FragmentAssembler({ fragmentEnd: 'token', errorTags: 'raise' })
    reader.push(fragment({ number: '1' }))
    const types: string[] = []
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      for (const { type } of assembled(assembler, event)) types.push(type)
    }
    assert.deepEqual(types, ['fragment-start', 'frame', 'fragment-end'])
  })

  const whole = payload(
    fragment({ number: '1' }),
    fragment({ number: '2', token: null }),
    fragment({ number: '3', token: null }),
  )
  const ends: [name: string, options: Partial<FragmentAssemblerOptions>, endedBy: string[]][] = [
    ['at the token', {}, ['token', 'next-document', 'end-of-payload']],
    ['at the document', { fragmentEnd: 'document' }, ['next-document', 'next-document', 'end-of-payload']],
  ]
  for (const [name, options, endedBy] of ends) {
    it(`${name}, and says so`, () => {
      assert.deepEqual(
        endsOf(assemble(whole, options)).map(end => [end.fragmentNumber, end.endedBy]),
        ['1', '2', '3'].map((number, index) => [number, endedBy[index]]),
      )
    })
  }

  const documents: [name: string, input: Buffer][] = [
    ['without a cluster', fragment({ number: '1', withoutCluster: true, token: null, behind: null })],
    ['with a token but no cluster', fragment({ number: '1', withoutCluster: true })],
    ['with nothing in it', document()],
    ['with an empty cluster', document(info(), tracks(), cluster())],
    ['with a token before its cluster', document(awsTags([['CONTINUATION_TOKEN', '1']]), cluster())],
  ]
  for (const [name, input] of documents) {
    it(`${name}, behind its start`, () =>
      assert.deepEqual(typesOf(assemble(input)), ['fragment-start', 'fragment-end']))
  }

  it('with the last value of a tag that repeats, in one element or several', () => {
    const input = document(
      tags([
        ['a', '1'],
        ['a', '2'],
      ]),
      cluster(),
      tags({ a: '3' }),
      tags([
        ['b', '4'],
        ['b', '5'],
      ]),
    )
    assert.deepEqual(plain(endsOf(assemble(input))[0]?.tags), { a: '3', b: '5' })
  })

  it('with nested and binary tags under their own names', () => {
    const end = endOf({ tags: { outer: { inner: 'x' }, bytes: Buffer.of(1, 2) } })
    assert.deepEqual(plain(end?.tags), { outer: '', inner: 'x', bytes: Uint8Array.of(1, 2) })
  })

  it('with a tag of any name, which harms nothing', () => {
    const end = endOf({
      tags: [
        ['__proto__', 'p'],
        ['constructor', 'c'],
        ['toString', 't'],
        ['', 'e'],
      ],
    })
    assert.deepEqual(
      [Object.entries(end?.tags ?? {}), Object.getPrototypeOf(end?.tags), 'p' in {}],
      [
        [
          ['__proto__', 'p'],
          ['constructor', 'c'],
          ['toString', 't'],
          ['', 'e'],
        ],
        null,
        false,
      ],
    )
  })

  it('without the service’s own tags among the user’s, whatever they are', () => {
    const end = endOf({ tags: { AWS_KINESISVIDEO_NEW: 'x', AWS_OTHER: 'y' } })
    assert.deepEqual(plain(end?.tags), { AWS_OTHER: 'y' })
  })

  const behind: [text: string, expected: number | null][] = [
    ['15858', 15_858],
    ['0', 0],
    ['-3', -3],
    ['', null],
    ['1e3', null],
    ['99999999999999999999', null],
  ]
  for (const [text, expected] of behind) {
    it(`with MILLIS_BEHIND_NOW "${text}" as ${expected}`, () => {
      const input = document(
        cluster(),
        awsTags([
          ['MILLIS_BEHIND_NOW', text],
          ['CONTINUATION_TOKEN', '1'],
        ]),
      )
      assert.equal(endsOf(assemble(input))[0]?.millisBehindNow, expected)
    })
  }

  it('and tells of tags behind the token, which came too late for it', () => {
    const input = payload(
      fragment({ number: '1' }),
      tags({ late: 'x' }),
      awsTags([['MILLIS_BEHIND_NOW', '5']]),
      fragment({ number: '2' }),
    )
    const assembly = assemble(input)
    const late = assembly.events.flatMap(event =>
      event.type === 'late-tags' ? [[event.fragmentNumber, plain(event.tags)]] : [],
    )
    assert.deepEqual(
      [typesOf(assembly), late],
      [
        ['fragment-start', 'frame', 'fragment-end', 'late-tags', 'fragment-start', 'frame', 'fragment-end'],
        [['1', { late: 'x' }]],
      ],
    )
  })

  it('with the tags behind the token, where it waits for the document', () => {
    const input = payload(fragment({ number: '1' }), tags({ late: 'x' }), fragment({ number: '2' }))
    const given = endsOf(assemble(input, AT_DOCUMENT)).map(end => plain(end.tags))
    assert.deepEqual(given, [{ late: 'x' }, {}])
  })

  it('and refuses a cluster behind its token', () => {
    const { error, events } = assemble(payload(fragment(), cluster({ blocks: [{}] })))
    assert.match(error?.message ?? '', /a cluster behind the continuation token .* in Segment\/Cluster/)
    assert.equal(events.length, 3)
  })

  it('with contradictions about its codec, as soon as they are known', () => {
    const connect = { type: 'audio', codecId: 'A_AAC', codecPrivate: Buffer.from('1588', 'hex') } as const
    const assembly = assemble(
      fragment({ tracks: [connect], tags: { MimeType: 'audio/L16;rate=8000;channels=1;' } }),
    )
    const messages = [...startsOf(assembly), ...endsOf(assembly)].map(event =>
      event.codecConflicts.map(({ message }) => message),
    )
    assert.deepEqual(messages, [
      [],
      ['track 1 is marked A_AAC, but the MimeType tag says audio/L16;rate=8000;channels=1;'],
    ])
  })
})

describe('FragmentAssembler, when the payload is broken off,', () => {
  const two = payload(fragment({ number: '1' }), fragment({ number: '2' }))
  const first = fragment({ number: '1' }).length
  const at = (text: string) => two.lastIndexOf(text)
  const cases: [name: string, cut: number, types: string[], fragmentNumber: string | null][] = [
    ['in the first header, has no fragment', 10, ['truncated'], null],
    [
      'in the second header, has no fragment either',
      first + 10,
      ['fragment-start', 'frame', 'fragment-end', 'truncated'],
      null,
    ],
    [
      'in the tracks, has no number yet',
      first + 90,
      ['fragment-start', 'frame', 'fragment-end', 'truncated'],
      null,
    ],
    [
      'in a frame, tells the fragment',
      at('frame') + 2,
      ['fragment-start', 'frame', 'fragment-end', 'fragment-start', 'truncated'],
      '2',
    ],
    [
      'in the token, tells the fragment',
      two.length - 1,
      ['fragment-start', 'frame', 'fragment-end', 'fragment-start', 'frame', 'truncated'],
      '2',
    ],
  ]
  for (const [name, cut, types, fragmentNumber] of cases) {
    for (const options of [{}, AT_DOCUMENT]) {
      it(`${name}${options === AT_DOCUMENT ? ', at the document too' : ''}`, () => {
        const assembly = assemble(two.subarray(0, cut), options)
        const last = assembly.events.at(-1)
        assert.deepEqual(
          [typesOf(assembly), last?.type === 'truncated' && [last.fragmentNumber, last.byteOffset]],
          [types, [fragmentNumber, cut]],
        )
      })
    }
  }
})

describe('FragmentAssembler meets error tags', () => {
  const good = fragment({ number: '1' })
  const errorTags = awsTags([
    ['ERROR_CODE', 'INTERNAL_ERROR'],
    ['ERROR_ID', '5000'],
  ])
  const numberTag = awsTags([['FRAGMENT_NUMBER', '7']])
  type Case = [
    name: string,
    input: Buffer,
    id: number | null,
    code: string | null,
    fragmentNumber: string | null,
    types: string[],
  ]
  const before = ['fragment-start', 'frame', 'fragment-end']
  const cases: Case[] = [
    ['alone', errorChunk({ id: 4000, code: 'FRAGMENT_NOT_FOUND' }), 4000, 'FRAGMENT_NOT_FOUND', null, []],
    [
      'with a number',
      errorChunk({ id: 3000, code: 'FRAGMENT_NOT_FOUND', fragmentNumber: '7' }),
      3000,
      'FRAGMENT_NOT_FOUND',
      '7',
      [],
    ],
    [
      'as archived media spells them',
      errorChunk({ id: 4000, code: 'not found', spelling: 'archived-media', fragmentNumber: '7' }),
      4000,
      'not found',
      '7',
      [],
    ],
    ['behind a fragment', payload(good, errorChunk({ id: 5000 })), 5000, 'INTERNAL_ERROR', null, before],
    ['without a text', errorChunk({ id: 4500, code: null }), 4500, null, null, []],
    ['without an id', document(awsTags([['ERROR_CODE', 'SOMETHING']])), null, 'SOMETHING', null, []],
    ['with an id that is no number', errorChunk({ id: 'oops', code: null }), null, 'oops', null, []],
    ['with an id that is not known', errorChunk({ id: 4242, code: 'NEW' }), 4242, 'NEW', null, []],
    [
      'before a cluster',
      document(numberTag, errorTags, cluster({ blocks: [{}] })),
      5000,
      'INTERNAL_ERROR',
      '7',
      [],
    ],
    [
      'behind a cluster',
      document(tracks(), numberTag, cluster({ blocks: [{}] }), errorTags),
      5000,
      'INTERNAL_ERROR',
      '7',
      ['fragment-start', 'frame'],
    ],
    ['behind a token', payload(good, errorTags), 5000, 'INTERNAL_ERROR', '1', before],
    [
      'behind an empty cluster',
      document(cluster(), errorTags),
      5000,
      'INTERNAL_ERROR',
      null,
      ['fragment-start'],
    ],
    [
      'among other tags',
      document(
        tags({ a: 'b' }),
        tags([
          ['c', 'd'],
          ['AWS_KINESISVIDEO_ERROR_ID', '5000'],
        ]),
      ),
      5000,
      null,
      null,
      [],
    ],
  ]
  for (const [name, input, errorId, errorCode, fragmentNumber, types] of cases) {
    it(`${name}, and raises them behind what came before`, () => {
      const assembly = assemble(input)
      const error = assembly.error as PayloadError
      assert.ok(error instanceof PayloadError, String(error))
      assert.deepEqual(
        [error.errorId, error.errorCode, error.fragmentNumber ?? null, typesOf(assembly)],
        [errorId, errorCode, fragmentNumber, types],
      )
    })

    it(`${name}, and tells them in the fragment’s end where they are reported`, () => {
      const assembly = assemble(input, AT_DOCUMENT)
      const end = endsOf(assembly).at(-1)
      assert.deepEqual(
        [assembly.error, end?.errorId, end?.errorCode, end?.fragmentNumber],
        [undefined, errorId, errorCode, fragmentNumber],
      )
    })
  }

  it('and reads on behind them, where they are reported', () => {
    const assembly = assemble(payload(good, errorChunk({ id: 5000 }), fragment({ number: '2' })), AT_DOCUMENT)
    assert.deepEqual(
      endsOf(assembly).map(({ fragmentNumber, errorId, frames }) => [fragmentNumber, errorId, frames]),
      [
        ['1', null, 1],
        [null, 5000, 0],
        ['2', null, 1],
      ],
    )
  })
})

describe('FragmentAssembler, for any payload,', () => {
  /** The order of a payload's events as one letter each: start, frame, end, truncated, late tags. */
  const letters = (assembly: Assembly) =>
    typesOf(assembly)
      .map(
        type =>
          ({ 'fragment-start': 's', frame: 'f', 'fragment-end': 'e', truncated: 't', 'late-tags': 'l' })[
            type as string
          ],
      )
      .join('')

  it('starts and ends each fragment once, with its frames between', () => {
    fc.assert(
      fc.property(payloads, bytes => {
        const assembly = assemble(bytes, AT_DOCUMENT)
        assert.match(letters(assembly), /^(sf*e)*$/)
        const frames = assembly.events.filter(({ type }) => type === 'frame').length
        const told = endsOf(assembly).reduce((sum, end) => sum + end.frames, 0)
        assert.deepEqual([assembly.error, told], [undefined, frames])
      }),
      { numRuns: 200 },
    )
  })

  const options = fc.record({
    fragmentEnd: fc.constantFrom('token', 'document'),
    errorTags: fc.constantFrom('raise', 'report'),
  })

  it('keeps that order with wrong bytes too, and fails with nothing but its three errors', () => {
    fc.assert(
      fc.property(mutated, options, (bytes, choice) => {
        const assembly = assemble(bytes, choice)
        assert.match(letters(assembly), /^(sf*el*)*(sf*)?t?$/)
        const { error } = assembly
        const kinds = [MkvSyntaxError, MkvLimitError, PayloadError]
        assert.ok(error === undefined || kinds.some(kind => error instanceof kind), String(error))
      }),
      { numRuns: 500 },
    )
  })
})
