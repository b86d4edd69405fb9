import assert from 'node:assert/strict'
import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import type { Acknowledgement } from '../../lib/put-media/acknowledgement.ts'
import type { PutMediaSink, PutMediaSinkOptions } from '../../lib/put-media/put-media-sink.ts'
import { cutEvery } from '../support/chunkings.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { tracks } from '../support/mkv-builder.ts'
import {
  bytesOf,
  END_OF_FRAGMENT,
  noticesOf,
  producerMedia,
  put,
  shown,
  sinkFor,
} from '../support/producer-media.ts'
import { type ServerFragment, type SessionPlan, withPutMediaServer } from '../support/put-media-server.ts'

const inShort = ({ type, fragmentTimecodeMs }: Acknowledgement) => `${type} ${fragmentTimecodeMs}`
const codeOf = (error: unknown) => (error as { code?: string } | undefined)?.code

describe('PutMediaSink puts', () => {
  it('a document in one session, byte for byte, and finishes when its last fragment is acknowledged', async () => {
    const media = producerMedia({ fragments: 2, tagged: true })
    await withPutMediaServer([], async server => {
      const { error, attempts, acks, sink } = await put(server, cutEvery(media.bytes, 7), {
        producerStartTimestamp: new Date(1_700_000_000_000),
      })
      assert.equal(error, undefined)
      const [session] = server.sessions
      assert.deepEqual(session?.header, media.header)
      assert.deepEqual(bytesOf(server.persisted), media.fragments)
      assert.equal(session?.headers['x-amzn-producer-start-timestamp'], '1700000000.000')
      assert.equal(session?.headers['x-amzn-fragment-timecode-type'], 'RELATIVE')
      assert.deepEqual(server.endpointCalls, ['PUT_MEDIA'])
      assert.deepEqual(attempts, [
        {
          session: 1,
          fragmentTimecodeMs: 0,
          producerStartTimestamp: new Date(1_700_000_000_000),
          unacknowledgedFragments: 1,
        },
      ])
      assert.deepEqual(acks.map(inShort), [
        ...['BUFFERING 0', 'RECEIVED 0', 'PERSISTED 0'],
        ...['BUFFERING 1000', 'RECEIVED 1000', 'PERSISTED 1000'],
      ])
      assert.deepEqual(sink.metrics, {
        bytes: media.bytes.length,
        fragmentsSent: 2,
        fragmentsReceived: 2,
        fragmentsPersisted: 2,
        fragmentsSentAgain: 0,
        sessions: 1,
        unacknowledgedFragments: 0,
        unacknowledgedBytes: 0,
      })
    })
  })

  it('sends nothing, and finishes, where nothing is written, or no cluster', async () => {
    await withPutMediaServer([], async server => {
      const outcomes = [await put(server, []), await put(server, producerMedia({ fragments: 0 }).bytes)]
      assert.deepEqual(
        outcomes.map(({ error, sink }) => [error, sink.writableFinished]),
        [
          [undefined, true],
          [undefined, true],
        ],
      )
      assert.equal(server.sessions.length + server.endpointCalls.length, 0)
    })
  })

  it('each fragment while it comes: what a producer has written is there before it writes more', async () => {
    const { header, fragments } = producerMedia({ fragments: 2, producer: 'pic' })
    const begun: ((fragment: ServerFragment) => void)[] = []
    const at: SessionPlan['at'] = moment => {
      if (moment.kind === 'begin') begun.shift()?.(moment.fragment)
      return undefined
    }
    await withPutMediaServer([{ at }], async server => {
      const sink = sinkFor(server)
      const first = new Promise<ServerFragment>(resolve => begun.push(resolve))
      sink.write(Buffer.concat([header, fragments[0]!.subarray(0, 20)]))
      assert.equal((await first).timecodeMs, 0)
      const second = new Promise<ServerFragment>(resolve => begun.push(resolve))
      sink.write(Buffer.concat([fragments[0]!.subarray(20), fragments[1]!]))
      assert.equal((await second).timecodeMs, 1000)
      sink.end()
      await once(sink, 'finish')
      assert.deepEqual(bytesOf(server.persisted), fragments)
    })
  })

  it('a fragment that the producer closes by a tag: it is acknowledged before the next one begins', async () => {
    const { header, fragments } = producerMedia({ fragments: 2 })
    // The service closes the fragment there; the server of the specs is told so.
    const at: SessionPlan['at'] = ({ kind, fragment }, session) => {
      if (fragment?.index !== 0) return undefined
      if (kind === 'begin')
        for (const type of ['BUFFERING', 'RECEIVED', 'PERSISTED']) session.say(type, fragment)
      return true
    }
    await withPutMediaServer([{ at }], async server => {
      const sink = sinkFor(server)
      // It is given whole before any of it can be acknowledged.
      sink.write(Buffer.concat([header, fragments[0]!, END_OF_FRAGMENT]))
      await acknowledged(sink, 'PERSISTED')
      assert.equal(sink.metrics.unacknowledgedFragments, 0)
      sink.end(fragments[1])
      await once(sink, 'finish')
      assert.deepEqual(
        server.sessions[0]?.fragments.map(({ bytes }) => bytes)[0],
        Buffer.concat([fragments[0]!, END_OF_FRAGMENT]),
      )
      assert.equal(server.sessions.length, 1)
    })
  })

  it('a second document, and changed Tracks, in a session of its own with its own header', async () => {
    const one = producerMedia({ fragments: 2 })
    const two = producerMedia({ fragments: 1, from: 500, tracks: [{}, { type: 'audio' }] })
    const changed = tracks([{ type: 'audio' }])
    const three = producerMedia({ fragments: 1, from: 9000 }).fragments
    const clock = new FakeClock(Date.UTC(2026, 0, 1))
    await withPutMediaServer([], async server => {
      const chunks = [one.bytes, two.bytes, changed, ...three]
      const { error } = await put(server, chunks, { clock })
      assert.equal(error, undefined)
      assert.deepEqual(
        server.sessions.map(({ header, fragments }) => [header.length, bytesOf(fragments)]),
        [
          [one.header.length, one.fragments],
          [two.header.length, two.fragments],
          [producerMedia({ tracks: [{ type: 'audio' }] }).header.length, three],
        ],
      )
    })
  })

  it('with the type of timecodes and the content type that are asked for', async () => {
    await withPutMediaServer([], async server => {
      await put(server, producerMedia().bytes, {
        fragmentTimecodeType: 'ABSOLUTE',
        contentType: 'video/x-matroska',
      })
      const { headers } = server.sessions[0]!
      assert.deepEqual(
        [headers['x-amzn-fragment-timecode-type'], headers['content-type']],
        ['ABSOLUTE', 'video/x-matroska'],
      )
    })
  })

  it('takes RECEIVED for enough where that is asked for', async () => {
    const media = producerMedia()
    const at: SessionPlan['at'] = ({ kind, fragment }, session) => {
      if (kind !== 'whole') return undefined
      session.say('RECEIVED', fragment)
      session.keep(fragment)
      return true
    }
    await withPutMediaServer([{ at }], async server => {
      const { error, sink } = await put(server, media.bytes, { durability: 'received' })
      assert.equal(error, undefined)
      assert.deepEqual([sink.metrics.fragmentsReceived, sink.metrics.sessions], [3, 1])
    })
  })
})

describe('PutMediaSink reads acknowledgements', () => {
  const orders: [name: string, order: readonly number[]][] = [
    ['in the order of the fragments', [0, 1, 2]],
    ['the other way round', [2, 1, 0]],
    ['mixed', [1, 0, 2]],
  ]
  for (const [name, order] of orders) {
    it(`PERSISTED ${name}, all at the end`, async () => {
      const at: SessionPlan['at'] = ({ kind, fragment }, session) => {
        if (kind === 'whole') session.say('RECEIVED', fragment)
        if (kind === 'end') for (const index of order) session.say('PERSISTED', session.fragments[index]!)
        return kind === 'whole'
      }
      await withPutMediaServer([{ at }], async server => {
        const { error, sink } = await put(server, producerMedia().bytes)
        assert.deepEqual([error, sink.metrics.sessions, sink.metrics.fragmentsPersisted], [undefined, 1, 3])
      })
    })
  }

  it('in pieces, several at once, and without a line end behind the last', async () => {
    const at: SessionPlan['at'] = ({ kind }, session) => {
      if (kind !== 'end') return true
      const lines = session.fragments.map(({ timecodeMs, number }) =>
        JSON.stringify({ FragmentNumber: number, EventType: 'PERSISTED', FragmentTimecode: timecodeMs }),
      )
      for (const piece of cutEvery(Buffer.from(lines.join('\n')), 11)) session.write(piece.toString())
      return undefined
    }
    await withPutMediaServer([{ at }], async server => {
      const { error, acks } = await put(server, producerMedia().bytes)
      assert.equal(error, undefined)
      assert.deepEqual(acks.map(inShort), ['PERSISTED 0', 'PERSISTED 1000', 'PERSISTED 2000'])
    })
  })

  it('by their number where they lack the time, and passes over those of no fragment of its own', async () => {
    const at: SessionPlan['at'] = ({ kind, fragment }, session) => {
      if (kind !== 'whole') return undefined
      session.write(
        `{"EventType":"PERSISTED","FragmentNumber":"77","FragmentTimecode":77777}\n{"EventType":"NEW"}\n`,
      )
      session.write(`{"EventType":"PERSISTED","FragmentNumber":"${fragment.number}"}\n`)
      return true
    }
    await withPutMediaServer([{ at }], async server => {
      const { error, sink } = await put(server, producerMedia().bytes)
      assert.deepEqual([error, sink.metrics.sessions], [undefined, 1])
    })
  })

  it('does not take a fragment for stored whose end it has not sent', async () => {
    const { header, fragments } = producerMedia({ fragments: 1, producer: 'pic' })
    let isTold = false
    const tooEarly: SessionPlan['at'] = ({ kind, fragment }, session) => {
      if (kind === 'begin' && !isTold) session.say('PERSISTED', fragment)
      isTold = true
      return undefined
    }
    await withPutMediaServer([{ at: tooEarly }], async server => {
      const sink = sinkFor(server)
      sink.write(Buffer.concat([header, fragments[0]!.subarray(0, 20)]))
      await acknowledged(sink, 'PERSISTED')
      assert.equal(sink.metrics.unacknowledgedFragments, 1)
      sink.end(fragments[0]!.subarray(20))
      await once(sink, 'finish')
      assert.deepEqual(bytesOf(server.persisted), fragments)
    })
  })

  it('tries again where the answer is no acknowledgement', async () => {
    const at: SessionPlan['at'] = (_moment, session) => {
      session.write('<html>proxy</html>\n')
      return true
    }
    await withPutMediaServer([{ at }], async server => {
      const { error, retries } = await put(server, producerMedia().bytes)
      assert.equal(error, undefined)
      assert.deepEqual(
        retries.map(({ error }) => codeOf(error)),
        ['ERR_ACKNOWLEDGEMENT'],
      )
    })
  })
})

describe('PutMediaSink checks its options in the constructor', () => {
  const cases: [name: string, options: object, option: string][] = [
    ['no stream', { streamName: undefined }, 'streamName'],
    ['a type of timecodes that is none', { fragmentTimecodeType: 'relative' }, 'fragmentTimecodeType'],
    ['a start that is no Date', { producerStartTimestamp: 1_700_000_000 }, 'producerStartTimestamp'],
    ['a start that is no time', { producerStartTimestamp: new Date(Number.NaN) }, 'producerStartTimestamp'],
    ['a content type with a line break', { contentType: 'video/webm\r\nx: y' }, 'contentType'],
    ['a durability that is none', { durability: 'stored' }, 'durability'],
    ['no room at all', { maxUnacknowledgedBytes: 0 }, 'maxUnacknowledgedBytes'],
    ['a session of no length', { maxSessionMs: 0 }, 'maxSessionMs'],
    ['a limit that is text', { ackTimeoutMs: '5' }, 'ackTimeoutMs'],
    ['real time that is not yes or no', { realtime: 1 }, 'realtime'],
    ['fewer retries than none', { retry: { retries: -1 } }, 'retry.retries'],
    ['a signal that is none', { signal: {} }, 'signal'],
  ]
  for (const [name, options, option] of cases) {
    it(`refuses ${name}`, () =>
      assert.throws(() => sinkFor({ url: 'http://127.0.0.1:9' }, options as Partial<PutMediaSinkOptions>), {
        code: 'ERR_INVALID_OPTION',
        option,
      }))
  }
})

describe('PutMediaSink refuses media that is broken', () => {
  const { header, fragments, bytes } = producerMedia()
  const cases: [name: string, media: Uint8Array[], code: string, stored: number][] = [
    ['no EBML at all', [Buffer.from('RIFF....AVI ')], 'ERR_MKV_SYNTAX', 0],
    ['a cut before the end', [bytes.subarray(0, -1)], 'ERR_MKV_TRUNCATED', 2],
    [
      'garbage between two fragments',
      [header, fragments[0]!, fragments[1]!, Buffer.alloc(9)],
      'ERR_MKV_SYNTAX',
      1,
    ],
  ]
  for (const [name, media, code, stored] of cases) {
    it(`${name}, once what came whole before it is put`, async () => {
      await withPutMediaServer([], async server => {
        const { error, sink } = await put(server, media)
        assert.equal(codeOf(error), code)
        assert.deepEqual(sink.metrics.unacknowledgedFragments, 0)
        assert.deepEqual(bytesOf(server.persisted).slice(0, stored), fragments.slice(0, stored))
      })
    })
  }

  it('a fragment that does not fit, and says what to raise', async () => {
    await withPutMediaServer([], async server => {
      const large = producerMedia({ fragments: [50, 5000] })
      const { error } = await put(server, large.bytes, { maxUnacknowledgedBytes: 1000 })
      assert.match(String(error), /fragment of more than 1000 bytes.*raise `maxUnacknowledgedBytes`/)
      assert.deepEqual(bytesOf(server.persisted).slice(0, 1), large.fragments.slice(0, 1))
    })
  })
})

describe('PutMediaSink fits where a Writable fits', () => {
  it('in pipeline, behind a generator', async () => {
    const media = producerMedia()
    await withPutMediaServer([], async server => {
      const sink = sinkFor(server)
      const notices = noticesOf(sink)
      await pipeline(function* () {
        yield* cutEvery(media.bytes, 50)
      }, sink)
      assert.deepEqual(bytesOf(server.persisted), media.fragments)
      assert.equal(notices.acks.length, 9)
    })
  })

  it('and keeps secrets out of itself and its errors', async () => {
    await withPutMediaServer([{ refuse: [403, 'InvalidSignatureException'] }], async server => {
      const { error, sink } = await put(server, producerMedia().bytes)
      assert.equal(codeOf(error), 'ERR_SIGNATURE')
      assert.doesNotMatch(
        shown([error, sink]) + JSON.stringify([error, sink.metrics]),
        /must-not-show|AWS4-HMAC/,
      )
    })
  })
})

function acknowledged(sink: PutMediaSink, type: Acknowledgement['type']): Promise<void> {
  return new Promise(resolve => {
    sink.on('ack', (ack: Acknowledgement) => {
      if (ack.type === type) resolve()
    })
  })
}
