import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { StartSelector } from '../../lib/aws/operations/start-selector.ts'
import type { FragmentEvent } from '../../lib/get-media/events.ts'
import {
  eventsOf,
  linesOf,
  type Notices,
  notFound,
  reset,
  resume,
  ScriptedService,
  type Step,
  type StoredFragment,
  type StoredFragmentOptions,
  store,
  type Vehicle,
} from '../support/scripted-attempts.ts'

/** Several tracks, equal timestamps, and frames that are identical more often than not. */
const frame = fc.record({
  track: fc.integer({ min: 1, max: 3 }),
  timestampMs: fc.integer({ min: -2, max: 2 }),
  keyframe: fc.boolean(),
  data: fc.constantFrom('', 'a', 'a', 'a', 'b'),
})

const fragment: fc.Arbitrary<StoredFragmentOptions> = fc
  .record({ frames: fc.array(frame, { maxLength: 7 }), hasToken: fc.integer({ min: 0, max: 3 }) })
  .map(({ frames, hasToken }) => (hasToken > 0 ? { frames } : { frames, token: null }))

/** The last fragment has its token: without it a clean end could not be told from a cut. */
const fragments = fc
  .tuple(fc.array(fragment, { maxLength: 6 }), fc.array(frame, { maxLength: 7 }))
  .map(([list, frames]) => store(...list, { frames }))

const after = fc.integer({ min: 0, max: 14 })
const breaking = fc.oneof(
  fc.record({ how: fc.constant('fails' as const), after, error: fc.constant(reset()) }),
  fc.record({ how: fc.constant('truncated' as const), after }),
  fc.record({ how: fc.constant('closes' as const), after }),
  fc.record({ how: fc.constant('ends' as const), after }),
  fc.record({ how: fc.constant('ends' as const), after, lastsMs: fc.constant(0) }),
  fc.record({ how: fc.constant('refuses' as const), error: fc.constant(reset()) }),
  fc.record({
    how: fc.constant('refuses' as const),
    error: fc.constant(serviceError('ClientLimitExceededException')),
  }),
)
/** With a fifth end behind the same frame a fragment without token is taken as whole, and a fourth stale endpoint in a row is one too many. */
const tokenless = fc.record({ how: fc.constant('tokenless' as const), after })
const stale = fc.constant<Step>({ how: 'throws', error: serviceError('InvalidEndpointException') })
const script: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.array(breaking, { maxLength: 12 }),
    fc.array(tokenless, { maxLength: 4 }),
    fc.array(stale, { maxLength: 3 }),
    fc.infiniteStream(fc.nat()),
  )
  .map(([steps, ends, stales, places]) => {
    const mixed: Step[] = steps.flatMap(step =>
      'after' in step && step.after === 3 ? [step, step, step] : [step],
    )
    for (const step of [...ends, ...stales]) {
      mixed.splice((places.next().value ?? 0) % (mixed.length + 1), 0, step)
    }
    return mixed
  })

const vehicle = fc.constantFrom<Vehicle>(
  'iterable',
  'native',
  'readable-stream',
  'native pipeline',
  'compose',
)

type Start = { readonly selector: StartSelector; readonly from: number }

/** Each kind of start at some fragment of the stream, and the first fragment that it brings. */
function startsOf(list: readonly StoredFragment[], place: number): Start[] {
  const at = place % list.length
  const there = list[at]!
  const starts: Start[] = [
    { selector: { type: 'EARLIEST' }, from: 0 },
    { selector: { type: 'NOW' }, from: list.length - 1 },
    { selector: { type: 'FRAGMENT_NUMBER', afterFragmentNumber: there.number! }, from: at + 1 },
    { selector: { type: 'FROM_FRAGMENT', fragmentNumber: there.number! }, from: at },
    { selector: { type: 'SERVER_TIMESTAMP', timestamp: there.serverTimestamp }, from: at },
  ]
  if (there.token !== null)
    starts.push({ selector: { type: 'CONTINUATION_TOKEN', continuationToken: there.token }, from: at + 1 })
  return starts
}

const RUNS = 200

describe('RetryingResumer, whatever happens,', () => {
  it('gives each event of the stream exactly once, in order, from every kind of start', async () => {
    const property = fc.asyncProperty(
      fragments,
      script,
      vehicle,
      fc.nat(),
      fc.nat(),
      async (list, steps, kind, place, startKind) => {
        const starts = startsOf(list, place)
        const { selector, from } = starts[startKind % starts.length]!
        const service = new ScriptedService(list, { script: steps, vehicle: kind, stopsAtEnd: true })
        const outcome = await resume(service, { startSelector: selector, until: 'forever' })
        assert.equal((outcome.error as Error).message, 'the script is over')
        assert.deepEqual(outcome.lines, linesOf(list.slice(from)))
        assert.deepEqual(outcome.events, allEventsOf(list.slice(from)))
        assert.deepEqual(outcome.notices.gaps, [])
        assertDelays(outcome.notices)
      },
    )
    await fc.assert(property, { numRuns: RUNS })
  })

  it('gives each event exactly once where tokens and numbers are refused, too', async () => {
    const property = fc.asyncProperty(fragments, script, async (list, steps) => {
      // A clean end that brings nothing would be the end of all.
      const failures = steps.filter(({ how }) => !['ends', 'tokenless', 'closes'].includes(how))
      const refused = failures.flatMap((step): Step[] => [step, { how: 'refuses', error: notFound() }])
      const outcome = await resume(new ScriptedService(list, { script: refused }), {
        retry: { retries: 100 },
      })
      assert.equal(outcome.error, undefined)
      assert.deepEqual(outcome.events, allEventsOf(list))
    })
    await fc.assert(property, { numRuns: RUNS })
  })
})

function allEventsOf(list: readonly StoredFragment[]): FragmentEvent[] {
  return list.flatMap(entry => eventsOf(entry, 'next-document'))
}

/** No wait is longer than the full back-off before that retry. */
function assertDelays({ retries }: Notices): void {
  const tooLong = retries.filter(
    ({ delayMs, failures }) => failures > 0 && delayMs > Math.min(5000, 200 * 2 ** (failures - 1)),
  )
  assert.deepEqual(tooLong, [])
}

function serviceError(name: string): Error {
  return Object.assign(new Error(name), { name, $fault: 'client', $metadata: { httpStatusCode: 400 } })
}
