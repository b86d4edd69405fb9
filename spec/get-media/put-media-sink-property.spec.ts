import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { randomCuts } from '../support/chunkings.ts'
import { bytesOf, producerMedia, put } from '../support/producer-media.ts'
import { type PutMediaServer, type SessionPlan, withPutMediaServer } from '../support/put-media-server.ts'

/** The service loses the connection between two things that it does with a fragment. */
type LossPoint = { readonly fragment: number; readonly after: 'nothing' | 'RECEIVED' | 'kept' | 'PERSISTED' }

const STEPS = ['nothing', 'RECEIVED', 'kept', 'PERSISTED'] as const

function losesAt({ fragment: index, after }: LossPoint, isReset: boolean): SessionPlan {
  const at: SessionPlan['at'] = ({ kind, fragment }, session) => {
    if (kind !== 'whole' || fragment.index !== index) return undefined
    const steps = STEPS.indexOf(after)
    if (steps >= 1) session.say('RECEIVED', fragment)
    if (steps >= 2) session.keep(fragment)
    if (steps >= 3) session.say('PERSISTED', fragment)
    // A clean end with nothing but RECEIVED is what a stream without retention gives, and no loss.
    if (isReset || steps === 1 || steps === 2) session.reset()
    else session.endAnswer()
    return true
  }
  return { at }
}

const errorAt = (index: number, errorId: number): SessionPlan => ({
  at: ({ kind, fragment }, session) => {
    if (kind !== 'begin' || fragment.index !== index) return undefined
    session.say('ERROR', fragment, { ErrorId: errorId })
    return true
  },
})

const failures = fc.oneof(
  fc.nat({ max: 3000 }).map((resetAtByte): SessionPlan => ({ resetAtByte })),
  fc.nat({ max: 3000 }).map((endAtByte): SessionPlan => ({ endAtByte })),
  fc
    .tuple(fc.nat({ max: 6 }), fc.constantFrom(...STEPS), fc.boolean())
    .map(([fragment, after, isReset]) => losesAt({ fragment, after }, isReset)),
  fc
    .tuple(fc.nat({ max: 6 }), fc.constantFrom(4000, 4003, 5000, 5001))
    .map(([index, id]) => errorAt(index, id)),
  fc.constantFrom<SessionPlan>(
    { hangUp: true },
    { refuse: [400, 'ClientLimitExceededException'] },
    { refuse: [400, 'InvalidEndpointException'] },
    { refuse: [503, 'ServiceUnavailable'] },
  ),
)

/** What is kept, each of the fragments' first appearance only; and what is wrong with the sessions. */
function verdict(server: PutMediaServer, fragments: readonly Buffer[], header: Buffer): object {
  const order = bytesOf(server.persisted).map(bytes => fragments.findIndex(one => one.equals(bytes)))
  const firsts = [...new Set(order)]
  const twice = server.sessions.filter(session => {
    const times = session.fragments.map(({ timecodeMs }) => timecodeMs)
    return (
      new Set(times).size < times.length ||
      times.some((time, index) => index > 0 && time <= times[index - 1]!)
    )
  })
  const begun = server.sessions.filter(session => session.fragments.length > 0)
  const strangers = begun.filter(session => !session.header.equals(header))
  // Kept twice is only what was kept and never acknowledged: it begins a later session.
  const repeats = order.filter((fragment, index) => order.indexOf(fragment) < index)
  return { firsts, twice: twice.length, strangers: strangers.length, isForeign: repeats.includes(-1) }
}

describe('PutMediaSink, for any fragments and any failures', () => {
  it('gets every fragment stored, in order, none twice within a session and none missing', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 7 })
    // Up to four failures: the stream takes five calls a second, and nobody waits here.
    const plans = fc.array(failures, { maxLength: 4 })
    const cuts = fc.array(fc.nat({ max: 5000 }), { maxLength: 20 })
    const shape = fc.record({ sizes, plans, cuts, tagged: fc.boolean(), pic: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(shape, async ({ sizes, plans, cuts, tagged, pic }) => {
        const { header, fragments, bytes } = producerMedia({
          fragments: sizes,
          tagged,
          producer: pic ? 'pic' : 'plain',
        })
        await withPutMediaServer(plans, async server => {
          const { error, sink } = await put(server, randomCuts(bytes, cuts), { maxUnacknowledgedBytes: 3000 })
          assert.equal(error, undefined)
          assert.deepEqual(verdict(server, fragments, header), {
            firsts: fragments.map((_, index) => index),
            twice: 0,
            strangers: 0,
            isForeign: false,
          })
          assert.equal(sink.metrics.unacknowledgedBytes, 0)
        })
      }),
      { numRuns: 250 },
    )
  })
})
