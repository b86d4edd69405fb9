import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Emulator, type Fault, startEmulator } from '../../lib/emulator/index.ts'
import { PUT_MEDIA_ERRORS } from '../../lib/emulator/ingest/error-codes.ts'
import type { PutMediaSinkOptions } from '../../lib/put-media/put-media-sink.ts'
import { type PutOutcome, producerMedia, put } from '../support/producer-media.ts'

/** `PutMediaSink` against the faults that the emulator has for PutMedia. */

const MEDIA = producerMedia({ fragments: 6, tagged: true })
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' }
/** Errors after which sending again can help. */
const RETRYABLE = [
  'STREAM_READ_ERROR',
  'MAX_CONNECTION_DURATION_REACHED',
  'INTERNAL_ERROR',
  'ARCHIVAL_ERROR',
  // Its id is the emulator's own, so that a producer cannot know it.
  'MIN_FRAGMENT_DURATION_REACHED',
]

const codeOf = (error: unknown) => (error as { code?: string } | null | undefined)?.code

let streams = 0

/** Puts all the media to a stream that breaks as planned; gives what became of it, and what is stored. */
async function putThrough(
  plan: (emulator: Emulator, name: string) => void,
  options: Partial<PutMediaSinkOptions> = {},
): Promise<PutOutcome & { readonly lost: number; readonly left: number }> {
  await using emulator = await startEmulator({ limits: 'off' })
  // The sink counts the calls on a stream in the whole process.
  const name = `door-${streams++}`
  const stream = await emulator.addStream({ name })
  plan(emulator, name)
  const outcome = await put(emulator, MEDIA.bytes, {
    streamName: name,
    credentials: CREDENTIALS,
    ...options,
  } as Partial<PutMediaSinkOptions>)
  const stored = new Set(
    stream.fragments.map(({ cluster, trailer }) => Buffer.concat([cluster, trailer]).toString('hex')),
  )
  const lost = MEDIA.fragments.filter(fragment => !stored.has(fragment.toString('hex'))).length
  return { ...outcome, lost, left: emulator.pendingFaults(name) }
}

const withFaults = (faults: readonly Fault[], options?: Partial<PutMediaSinkOptions>) =>
  putThrough((emulator, name) => emulator.faults(name, faults), options)

describe('PutMediaSink puts everything through', () => {
  const half = Math.floor(MEDIA.bytes.length / 2)
  const faults: [Fault, code: string][] = [
    ...(['reset', 'cut', 'end', 'no-last-chunk'] as const).flatMap((type): [Fault, string][] => {
      const code = type === 'end' ? 'ERR_PUT_SESSION_ENDED' : 'ERR_CONNECTION'
      return [
        [{ type, operation: 'PutMedia', afterFragments: 0 } as Fault, code],
        [{ type, operation: 'PutMedia', afterFragments: 3 } as Fault, code],
        [{ type, operation: 'PutMedia', atByte: half } as Fault, code],
      ]
    }),
    [{ type: 'throttle', operation: 'PutMedia' }, 'ERR_CLIENT_LIMIT_EXCEEDED'],
    [{ type: 'exception', operation: 'PutMedia', errorType: 'InternalFailure' }, 'ERR_SERVICE_UNAVAILABLE'],
    [{ type: 'stale-endpoint', operation: 'PutMedia' }, 'ERR_INVALID_ENDPOINT'],
  ]
  for (const [fault, code] of faults) {
    it(`after ${JSON.stringify(fault)}`, async () => {
      const { error, retries, lost, left } = await withFaults([fault])
      assert.deepEqual([error, lost, left], [undefined, 0, 0])
      assert.equal(codeOf(retries[0]?.error), code)
    })
  }

  for (const errorCode of RETRYABLE) {
    for (const inPlaceOf of ['BUFFERING', 'RECEIVED', 'PERSISTED'] as const) {
      it(`after ERROR ${errorCode} in place of ${inPlaceOf}`, async () => {
        const fault: Fault = { type: 'error-ack', errorCode, afterFragments: 2, inPlaceOf }
        const { error, attempts, lost, left } = await withFaults([fault])
        assert.deepEqual([error, lost, left, attempts.length], [undefined, 0, 0, 2])
      })
    }
  }

  // Only silence tells of these, so that the sink must not wait long for it.
  const silent: Fault[] = [
    { type: 'stall', operation: 'PutMedia', afterFragments: 2 },
    { type: 'stall', operation: 'PutMedia', atByte: half },
    { type: 'withhold-acks' },
    { type: 'withhold-acks', ackTypes: ['PERSISTED'], afterFragments: 2 },
    { type: 'withhold-acks', ackTypes: ['RECEIVED', 'PERSISTED'], afterFragments: 1, fragments: 1 },
  ]
  for (const fault of silent) {
    it(`after ${JSON.stringify(fault)}`, async () => {
      const { error, retries, lost, left } = await withFaults([fault], { ackTimeoutMs: 200 })
      assert.deepEqual([error, lost, left], [undefined, 0, 0])
      assert.ok(retries.length > 0)
    })
  }

  it('through BUFFERING and RECEIVED that never come, in one session', async () => {
    const fault: Fault = { type: 'withhold-acks', ackTypes: ['BUFFERING', 'RECEIVED'] }
    const { error, attempts, lost } = await withFaults([fault])
    assert.deepEqual([error, lost, attempts.length], [undefined, 0, 1])
  })

  it('through late acknowledgements, in one session', async () => {
    const { error, attempts, acks, lost } = await withFaults([{ type: 'late-acks', delayMs: 50 }])
    assert.deepEqual([error, lost, attempts.length], [undefined, 0, 1])
    assert.equal(acks.filter(({ type }) => type === 'PERSISTED').length, MEDIA.fragments.length)
  })

  for (const seed of [1, 2, 3]) {
    it(`through faults by chance (seed ${seed})`, async () => {
      const { error, attempts, lost } = await putThrough((emulator, name) =>
        emulator.randomFaults(name, {
          ...{ seed, share: 0.9, operation: 'PutMedia', maxByte: MEDIA.bytes.length },
          types: ['reset', 'cut', 'end', 'no-last-chunk', 'error-ack'],
        }),
      )
      assert.deepEqual([error, lost], [undefined, 0])
      assert.ok(attempts.length > 1)
    })
  }
})

describe('PutMediaSink gives up', () => {
  it('after its retries, where every session ends before anything is acknowledged', async () => {
    const faults = Array.from(
      { length: 9 },
      (): Fault => ({
        ...{ type: 'end', operation: 'PutMedia', afterFragments: 0 },
      }),
    )
    const { error, retries, attempts, left } = await withFaults(faults, { retry: { retries: 3 } })
    assert.equal(codeOf(error), 'ERR_PUT_SESSION_ENDED')
    assert.deepEqual([retries.length, attempts.length, left], [3, 4, 5])
  })
})

describe('PutMediaSink gives up with the error that the service acknowledges', () => {
  const fatal = Object.keys(PUT_MEDIA_ERRORS).filter(code => !RETRYABLE.includes(code))
  for (const errorCode of fatal) {
    it(`${errorCode} at the third fragment`, async () => {
      const fault: Fault = { type: 'error-ack', errorCode, afterFragments: 2 }
      const { error, attempts } = await withFaults([fault])
      const { errorId, fragmentTimecodeMs } = error as { errorId?: number; fragmentTimecodeMs?: number }
      assert.equal(codeOf(error), `ERR_PUT_${errorCode}`)
      assert.deepEqual([fragmentTimecodeMs, attempts.length], [2000, 1])
      assert.equal(errorId, PUT_MEDIA_ERRORS[errorCode as keyof typeof PUT_MEDIA_ERRORS])
    })
  }
})
