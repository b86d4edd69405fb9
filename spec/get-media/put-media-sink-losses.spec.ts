import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RetryEvent } from '../../lib/get-media/retrying-resumer.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'
import {
  bytesOf,
  noticesOf,
  type PutOutcome,
  producerMedia,
  put,
  sinkFor,
} from '../support/producer-media.ts'
import { type SessionPlan, withPutMediaServer } from '../support/put-media-server.ts'

const media = producerMedia({ fragments: 3, tagged: true })
const codeOf = (error: unknown) => (error as { code?: string } | undefined)?.code
const codes = (retries: readonly RetryEvent[]) => retries.map(({ error }) => codeOf(error))

/** At the n-th fragment's end: says RECEIVED, keeps it if so told, and breaks the connection. */
const lostAfterReceived =
  (index: number, isKept: boolean, how: 'reset' | 'endAnswer'): SessionPlan['at'] =>
  ({ kind, fragment }, session) => {
    if (kind !== 'whole' || fragment.index !== index) return undefined
    session.say('RECEIVED', fragment)
    if (isKept) session.keep(fragment)
    session[how]()
    return true
  }

/** Nothing lost, nothing twice in a session, all in order; fragments that were kept and not acknowledged come twice. */
function assertAllPut(outcome: PutOutcome, kept: readonly Buffer[], expected: readonly Buffer[]): void {
  assert.equal(outcome.error, undefined)
  assert.deepEqual(kept, expected)
}

describe('PutMediaSink sends again what was not acknowledged', () => {
  it('after a loss at any byte of the body', async () => {
    const small = producerMedia({ fragments: [4, 4] })
    const plans = Array.from({ length: small.bytes.length }, (_, at) => at).flatMap((at): SessionPlan[] => [
      { resetAtByte: at },
      { endAtByte: at },
    ])
    const wrong: unknown[] = []
    const tryOne = (plan: SessionPlan) =>
      withPutMediaServer([plan], async server => {
        const { error, attempts, sink } = await put(server, small.bytes)
        const kept = new Set(bytesOf(server.persisted).map(bytes => bytes.toString('hex')))
        const isWhole =
          kept.size === 2 && small.fragments.every(fragment => kept.has(fragment.toString('hex')))
        const isRight = error === undefined && isWhole && attempts.length === 2
        if (!isRight || sink.metrics.unacknowledgedBytes !== 0) wrong.push([plan, error, attempts])
      })
    while (plans.length > 0) await Promise.all(plans.splice(0, 16).map(tryOne))
    assert.deepEqual(wrong, [])
  })

  it('in a session with the header again, from the first that is not acknowledged on', async () => {
    const at = lostAfterReceived(1, false, 'reset')
    await withPutMediaServer([{ at }], async server => {
      const outcome = await put(server, media.bytes)
      assertAllPut(outcome, bytesOf(server.persisted), media.fragments)
      assert.deepEqual(
        server.sessions.map(({ header, fragments }) => [
          header,
          fragments.map(({ timecodeMs }) => timecodeMs),
        ]),
        [
          [media.header, [0, 1000, 2000].slice(0, server.sessions[0]!.fragments.length)],
          [media.header, [1000, 2000]],
        ],
      )
      assert.equal(
        server.sessions[0]?.headers['x-amzn-producer-start-timestamp'],
        server.sessions[1]?.headers['x-amzn-producer-start-timestamp'],
      )
      const [first, second] = outcome.attempts
      assert.deepEqual([first?.fragmentTimecodeMs, second?.fragmentTimecodeMs], [0, 1000])
      assert.deepEqual(codes(outcome.retries), ['ERR_CONNECTION'])
      assert.ok(outcome.sink.metrics.fragmentsSentAgain >= 1)
    })
  })

  for (const how of ['reset', 'endAnswer'] as const) {
    it(`between RECEIVED and PERSISTED, kept or not (${how})`, async () => {
      for (const isKept of [true, false]) {
        await withPutMediaServer([{ at: lostAfterReceived(1, isKept, how) }], async server => {
          const [one, two, three] = media.fragments
          const again = isKept ? [one!, two!, two!, three!] : [one!, two!, three!]
          assertAllPut(await put(server, media.bytes), bytesOf(server.persisted), again)
        })
      }
    })
  }

  it('only that: a fragment that was persisted before an earlier one is not sent again', async () => {
    const at: SessionPlan['at'] = ({ kind, fragment }, session) => {
      if (kind !== 'whole') return undefined
      if (fragment.index === 1) {
        session.keep(fragment)
        session.say('PERSISTED', fragment)
      }
      if (fragment.index === 2) session.reset()
      return true
    }
    await withPutMediaServer([{ at }], async server => {
      const { error } = await put(server, media.bytes)
      assert.equal(error, undefined)
      assert.deepEqual(
        server.sessions[1]?.fragments.map(({ timecodeMs }) => timecodeMs),
        [0, 2000],
      )
    })
  })

  it('after refused and throttled calls, and connections that are closed at once', async () => {
    const plans: SessionPlan[] = [
      { refuse: [400, 'ClientLimitExceededException'] },
      { refuse: [400, 'ConnectionLimitExceededException'] },
      { hangUp: true },
      { refuse: [503, 'ServiceUnavailable'] },
    ]
    await withPutMediaServer(plans, async server => {
      const outcome = await put(server, media.bytes)
      assertAllPut(outcome, bytesOf(server.persisted), media.fragments)
      assert.deepEqual(codes(outcome.retries), [
        'ERR_CLIENT_LIMIT_EXCEEDED',
        'ERR_CONNECTION_LIMIT_EXCEEDED',
        'ERR_CONNECTION',
        'ERR_SERVICE_UNAVAILABLE',
      ])
      assert.deepEqual(
        outcome.retries.map(({ failures, retriesLeft }) => [failures, retriesLeft]),
        [1, 2, 3, 4].map(failures => [failures, 24 - failures]),
      )
    })
  })

  it('to a fresh endpoint where the old one is refused', async () => {
    await withPutMediaServer([{ refuse: [400, 'InvalidEndpointException'] }], async server => {
      const outcome = await put(server, media.bytes)
      assertAllPut(outcome, bytesOf(server.persisted), media.fragments)
      assert.deepEqual(server.endpointCalls, ['PUT_MEDIA', 'PUT_MEDIA'])
    })
  })

  it('and counts afresh after a session that got something stored', async () => {
    // Each session stores one fragment, and breaks at the next; with no retries each failure alone would be the end.
    const at: SessionPlan['at'] = ({ kind, fragment }, session) => {
      if (fragment?.index !== 1 || kind !== 'whole') return undefined
      session.reset()
      return true
    }
    await withPutMediaServer([{ at }, { at }], async server => {
      const outcome = await put(server, media.bytes, { retry: { retries: 0 } })
      assertAllPut(outcome, bytesOf(server.persisted), media.fragments)
      assert.deepEqual(
        outcome.retries.map(({ failures, retriesLeft }) => [failures, retriesLeft]),
        [
          [0, 0],
          [0, 0],
        ],
      )
    })
  })
})

describe('PutMediaSink gives up', () => {
  it('when the retries are used up: with the last error, and all of them in its cause', async () => {
    const plans: SessionPlan[] = [
      { hangUp: true },
      { refuse: [400, 'ClientLimitExceededException'] },
      { refuse: [500, 'InternalFailure'] },
    ]
    await withPutMediaServer(plans, async server => {
      const { error, sink } = await put(server, media.bytes, { retry: { retries: 2 } })
      assert.equal(codeOf(error), 'ERR_SERVICE_UNAVAILABLE')
      assert.ok(error instanceof Error && error.cause instanceof AggregateError)
      assert.deepEqual(error.cause.errors.map(codeOf), [
        'ERR_CONNECTION',
        'ERR_CLIENT_LIMIT_EXCEEDED',
        'ERR_SERVICE_UNAVAILABLE',
      ])
      assert.deepEqual([sink.metrics.sessions, sink.metrics.unacknowledgedFragments], [3, 3])
      await server.allClosed()
    })
  })

  const fatal: [status: number, name: string, code: string][] = [
    [404, 'ResourceNotFoundException', 'ERR_RESOURCE_NOT_FOUND'],
    [400, 'InvalidArgumentException', 'ERR_INVALID_ARGUMENT'],
    [403, 'AccessDeniedException', 'ERR_ACCESS_DENIED'],
  ]
  for (const [status, name, code] of fatal) {
    it(`at once for ${name}, also while it sends`, async () => {
      await withPutMediaServer([{ refuse: [status, name] }], async server => {
        const large = producerMedia({ fragments: [300_000, 300_000] })
        const { error, retries } = await put(server, large.bytes)
        assert.deepEqual([codeOf(error), retries.length], [code, 0])
      })
    })
  }
})

describe('PutMediaSink and ERROR acknowledgements', () => {
  const failsWith = (errorId: number, kind: 'begin' | 'whole'): SessionPlan => ({
    at: (moment, session) => {
      if (moment.kind !== kind || moment.fragment.index !== 1) return undefined
      session.say('ERROR', moment.fragment, { ErrorId: errorId, ErrorCode: 'SOME_CODE' })
      return true
    },
  })
  const fatal = [
    ...[4001, 4002, 4004, 4005, 4006, 4007, 4008, 4009, 4010, 4011, 4012],
    ...[4500, 4501, 4502, 4503, 4504, 4505, 4506, 4507],
  ]
  for (const errorId of fatal) {
    it(`ends with error ${errorId}`, async () => {
      await withPutMediaServer([failsWith(errorId, 'whole')], async server => {
        const { error, acks, sink } = await put(server, media.bytes)
        const { name, errorCode, fragmentTimecodeMs } = error as Record<string, unknown>
        assert.deepEqual([name, errorCode, fragmentTimecodeMs], ['PutMediaError', 'SOME_CODE', 1000])
        assert.equal((error as { errorId: number }).errorId, errorId)
        assert.equal(acks.at(-1)?.type, 'ERROR')
        assert.deepEqual([sink.metrics.sessions, bytesOf(server.persisted)], [1, media.fragments.slice(0, 1)])
        await server.allClosed()
      })
    })
  }

  for (const errorId of [4000, 4003, 4999, 5000, 5001]) {
    for (const kind of ['begin', 'whole'] as const) {
      it(`sends again after error ${errorId} at a fragment's ${kind}`, async () => {
        await withPutMediaServer([failsWith(errorId, kind)], async server => {
          const outcome = await put(server, media.bytes)
          assertAllPut(outcome, bytesOf(server.persisted), media.fragments)
          assert.equal(outcome.retries.length, 1)
        })
      })
    }
  }

  it('takes one without a fragment for the session', async () => {
    const at: SessionPlan['at'] = ({ kind }, session) => {
      if (kind === 'whole')
        session.write('{"EventType":"ERROR","ErrorId":5000,"ErrorCode":"INTERNAL_ERROR"}\n')
      return true
    }
    await withPutMediaServer([{ at }], async server => {
      const outcome = await put(server, media.bytes)
      assertAllPut(outcome, bytesOf(server.persisted), media.fragments)
      assert.deepEqual(codes(outcome.retries), ['ERR_PUT_INTERNAL_ERROR'])
    })
  })

  it('waits before the next session where error 4003 comes with nothing stored', async () => {
    const at: SessionPlan['at'] = ({ fragment }, session) => {
      session.say('ERROR', fragment, { ErrorId: 4003 })
      return true
    }
    await withPutMediaServer([{ at }, { at }], async server => {
      const outcome = await put(server, media.bytes)
      assert.deepEqual(
        outcome.retries.map(({ failures }) => failures),
        [1, 2],
      )
    })
  })
})

describe('PutMediaSink rolls its sessions over', () => {
  it('between two fragments, when the session has lasted its time, and waits for its acknowledgements', async () => {
    const clock = new FakeClock()
    const seen: string[] = []
    const at: SessionPlan['at'] = ({ kind, fragment }) => {
      if (kind === 'begin') clock.advance(400)
      seen.push(`${kind} ${fragment?.timecodeMs ?? ''}`)
      return undefined
    }
    await withPutMediaServer([{ at }, { at }, { at }], async server => {
      const large = producerMedia({ fragments: [10, 300_000, 10, 300_000, 10], producer: 'pic' })
      const outcome = await put(server, large.bytes, {
        clock,
        maxSessionMs: 500,
        maxUnacknowledgedBytes: 400_000,
      })
      assertAllPut(outcome, bytesOf(server.persisted), large.fragments)
      assert.deepEqual(outcome.retries, [])
      assert.ok(server.sessions.length > 1, 'more than one session')
      const headers = server.sessions.map(session => session.header)
      assert.deepEqual(new Set(headers.map(header => header.toString('hex'))).size, 1)
      // No session began before the one before it had ended.
      const ends = seen.flatMap((what, index) => (what === 'end ' ? [index] : []))
      assert.equal(ends.length, server.sessions.length)
    })
  })
})

describe('PutMediaSink and a producer that pauses', () => {
  it('opens no session until more comes, when the service has ended the idle one', async () => {
    const at: SessionPlan['at'] = ({ kind, fragment }, session) => {
      if (kind !== 'begin') return undefined
      session.say('BUFFERING', fragment)
      session.say('IDLE')
      session.endAnswer()
      return true
    }
    await withPutMediaServer([{ at }], async server => {
      const { header, fragments } = producerMedia({ fragments: 1, producer: 'pic' })
      const sink = sinkFor(server)
      const { retries } = noticesOf(sink)
      sink.write(Buffer.concat([header, fragments[0]!.subarray(0, 20)]))
      await new Promise(resolve => sink.once('ack', resolve))
      await server.allClosed()
      for (let turn = 0; turn < 20; turn++) await settled()
      assert.deepEqual([sink.metrics.sessions, retries.length, sink.errored], [1, 0, null])
      sink.end(fragments[0]!.subarray(20))
      await new Promise(resolve => sink.on('finish', resolve))
      assert.deepEqual(bytesOf(server.persisted), fragments)
    })
  })
})

describe('PutMediaSink and a service that is silent', () => {
  it('sends again in a new session, when a fragment is not acknowledged in time', async () => {
    const clock = new FakeClock()
    await withPutMediaServer([{ saysNothing: true }], async server => {
      const sink = sinkFor(server, { clock })
      const { retries } = noticesOf(sink)
      const finished = new Promise(resolve => sink.on('finish', resolve))
      sink.end(media.bytes)
      await until(() => server.sessions[0]?.fragments.length === 3)
      clock.advance(29_000)
      assert.equal(retries.length, 0)
      clock.advance(2_000)
      await finished
      assert.deepEqual(codes(retries), ['ERR_IDLE_TIMEOUT'])
      assert.deepEqual(bytesOf(server.sessions[1]!.fragments), media.fragments)
      assert.equal(clock.pendingTimers, 0)
    })
  })

  it('sends again in a new session, when it takes no bytes', async () => {
    const clock = new FakeClock()
    await withPutMediaServer([{ takesNothing: true }], async server => {
      const large = producerMedia({ fragments: [20_000_000], producer: 'pic' })
      const sink = sinkFor(server, { clock })
      const { retries } = noticesOf(sink)
      const finished = new Promise(resolve => sink.on('finish', resolve))
      sink.end(large.bytes)
      await standstill(() => sink.metrics.bytes)
      clock.advance(31_000)
      await finished
      assert.deepEqual(codes(retries), ['ERR_IDLE_TIMEOUT'])
      assert.match(String(retries[0]?.error), /took no bytes for 30000 ms/)
      assert.deepEqual(bytesOf(server.persisted), large.fragments)
    })
  })

  it('closes an answer that stays open behind the last acknowledgement', async () => {
    const clock = new FakeClock()
    const at: SessionPlan['at'] = ({ kind }) => kind === 'end'
    await withPutMediaServer([{ at }], async server => {
      const sink = sinkFor(server, { clock })
      const finished = new Promise(resolve => sink.on('finish', resolve))
      sink.end(media.bytes)
      await until(() => sink.metrics.unacknowledgedFragments === 0 && sink.metrics.fragmentsPersisted === 3)
      clock.advance(2_001)
      await finished
      await server.allClosed()
    })
  })
})

describe('PutMediaSink and a stream that keeps nothing', () => {
  const receivedOnly: SessionPlan['at'] = ({ kind, fragment }, session) => {
    if (kind === 'whole') session.say('RECEIVED', fragment)
    return kind === 'whole'
  }

  it('fails with a word about retention at the end', async () => {
    await withPutMediaServer([{ at: receivedOnly }], async server => {
      const { error, sink } = await put(server, media.bytes)
      assert.equal(codeOf(error), 'ERR_PUT_NOT_PERSISTED')
      assert.match(String(error), /retention is 0.*durability: 'received'/)
      assert.equal(sink.metrics.sessions, 1)
    })
  })

  it('fails so when its buffer is full of fragments that are RECEIVED only, and does not stall', async () => {
    const clock = new FakeClock()
    await withPutMediaServer([{ at: receivedOnly }], async server => {
      const { header, fragments } = producerMedia({ fragments: [400, 400, 400, 400] })
      const sink = sinkFor(server, { clock, maxUnacknowledgedBytes: 1000 })
      const failed = new Promise(resolve => sink.on('error', resolve))
      sink.write(Buffer.concat([header, ...fragments]))
      await until(() => sink.metrics.fragmentsReceived === 2)
      clock.advance(30_001)
      assert.equal(codeOf(await failed), 'ERR_PUT_NOT_PERSISTED')
    })
  })
})

/** Resolves when it is so; the sockets are this process's own, so that turns of the loop bring it about. */
async function until(isSo: () => boolean | undefined): Promise<void> {
  while (isSo() !== true) await settled()
  for (let turn = 0; turn < 5; turn++) await settled()
}

/** Resolves when a number has not moved for many turns. */
async function standstill(value: () => number): Promise<void> {
  for (let turns = 0; turns < 100; ) {
    const before = value()
    await settled()
    turns = value() === before && before > 1000 ? turns + 1 : 0
  }
}
