import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { GetMediaCommand } from '@aws-sdk/client-kinesis-video-media'
import { OptionError } from '../../../lib/core/errors.ts'
import { type Emulator, type Fault, startEmulator } from '../../../lib/emulator/index.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import {
  framesIn,
  mediaClient,
  openMedia,
  readAll,
  readUntil,
  readUntilBreak,
  recording,
  sendRaw,
  tagValues,
} from '../clients.ts'

describe('faults', () => {
  let emulator: Emulator
  let whole: Buffer

  before(async () => {
    emulator = await startEmulator({ limits: 'off', idleEndMs: 0 })
    await emulator.addStream({ name: 'door', source: recording(3) })
    whole = await readAll(await openMedia(mediaClient(emulator)))
  })
  after(() => emulator.close())

  const readWith = async (fault: Fault) => {
    emulator.faults('door', [fault])
    return readUntilBreak(await openMedia(mediaClient(emulator)))
  }
  const failWith = async (fault: Fault) => {
    emulator.faults('door', [fault])
    const { StartSelectorType } = { StartSelectorType: 'EARLIEST' } as const
    try {
      await mediaClient(emulator).send(
        new GetMediaCommand({ StreamName: 'door', StartSelector: { StartSelectorType } }),
      )
    } catch (error) {
      const { name, message, $metadata } = error as Error & { $metadata: { httpStatusCode: number } }
      return { name, message, statusCode: $metadata.httpStatusCode }
    }
    return undefined
  }

  it('cut the connection after exactly so many bytes', async () => {
    for (const atByte of [0, 1, 1000, whole.length - 1]) {
      const { bytes, error } = await readWith({ type: 'cut', atByte })
      assert.deepEqual(bytes.subarray(0, 300), whole.subarray(0, Math.min(300, atByte)))
      assert.equal(bytes.length, atByte)
      assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET')
    }
  })

  it('reset the connection after no more than so many bytes', async () => {
    const { bytes, error } = await readWith({ type: 'reset', atByte: 500 })
    assert.ok(bytes.length <= 500)
    assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET')
  })

  it('end the body cleanly after so many bytes', async () => {
    const { bytes, error } = await readWith({ type: 'end', atByte: 777 })
    assert.equal(bytes.length, 777)
    assert.equal(error, undefined)
  })

  it('cut in the middle of the block that is named, in whichever fragment it lies', async () => {
    for (const [block, index, place] of [
      [1, 0, 0],
      [3, 0, 2],
      [4, 1, 0],
      [9, 2, 2],
    ] as const) {
      const { bytes, error } = await readWith({ type: 'cut-in-block', block })
      const frame = Buffer.from(`frame-${index}-${place}`)
      const begins = whole.indexOf(frame)
      assert.ok(bytes.length > begins - 8 && bytes.length < begins + frame.length, `${bytes.length}`)
      assert.equal(framesIn(bytes).length, block - 1)
      assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET')
    }
  })

  it('fall silent after so many bytes until the client goes', async () => {
    emulator.faults('door', [{ type: 'stall', atByte: 600 }])
    const body = await openMedia(mediaClient(emulator))
    const bytes = await readUntil(body, read => read.length >= 600)
    await settled()
    assert.equal(bytes.length, 600)
    assert.equal(emulator.stream('door').openSessions, 1)
    body.destroy()
    await emulator.requests.at(-1)!.finished
    assert.equal(emulator.stream('door').openSessions, 0)
  })

  const exceptions: [Fault, string, number][] = [
    [{ type: 'throttle' }, 'ClientLimitExceededException', 400],
    [{ type: 'exception', errorType: 'InvalidEndpointException' }, 'InvalidEndpointException', 400],
    [{ type: 'exception', errorType: 'NotAuthorizedException' }, 'NotAuthorizedException', 401],
    [{ type: 'exception', errorType: 'InternalFailure' }, 'InternalFailure', 500],
    [{ type: 'exception', errorType: 'ServiceUnavailable', message: 'later' }, 'ServiceUnavailable', 503],
    [{ type: 'exception', errorType: 'MadeUpException', statusCode: 418 }, 'MadeUpException', 418],
  ]
  for (const [fault, name, statusCode] of exceptions) {
    it(`answer ${name} with status ${statusCode}`, async () => {
      const failure = await failWith(fault)
      assert.deepEqual([failure?.name, failure?.statusCode], [name, statusCode])
      assert.equal(emulator.stream('door').openSessions, 0)
    })
  }

  it('answer with a body that is no JSON and names nothing', async () => {
    emulator.faults('door', [{ type: 'exception', statusCode: 503, body: '<h1>Service Unavailable</h1>' }])
    const answer = await sendRaw(emulator, {
      body: JSON.stringify({ StreamName: 'door', StartSelector: { StartSelectorType: 'NOW' } }),
    })
    assert.equal(answer.statusCode, 503)
    assert.equal(answer.headers['x-amzn-errortype'], undefined)
    assert.equal(answer.headers['content-type'], 'text/html')
    assert.equal(answer.body, '<h1>Service Unavailable</h1>')
  })

  it('put an error in the body after so many fragments, and end it', async () => {
    const { bytes, error } = await readWith({ type: 'error-tag', id: 4503, afterFragments: 2 })
    assert.equal(error, undefined)
    assert.equal(framesIn(bytes).length, 6)
    assert.deepEqual(tagValues(bytes, 'ERROR_ID'), ['4503'])
    assert.deepEqual(tagValues(bytes, 'ERROR_CODE'), ['KMS_KEY_UNAVAILABLE'])
    assert.equal(tagValues(bytes, 'FRAGMENT_NUMBER').length, 2)
  })

  it('name the fragment that would have come next in the error', async () => {
    const { bytes } = await readWith({
      type: 'error-tag',
      id: 3000,
      code: 'OWN',
      afterFragments: 1,
      withFragmentNumber: true,
    })
    const numbers = emulator.stream('door').fragments.map(fragment => String(fragment.number))
    assert.deepEqual(tagValues(bytes, 'FRAGMENT_NUMBER'), numbers.slice(0, 2))
    assert.deepEqual(tagValues(bytes, 'ERROR_CODE'), ['OWN'])
  })

  it('are taken one by each call, in order, and null lets one pass', async () => {
    const client = mediaClient(emulator)
    emulator.faults('door', [{ type: 'end', atByte: 10 }, null])
    emulator.faults('door', ['none', { type: 'end', atByte: 20 }])
    const lengths: number[] = []
    for (let call = 0; call < 5; call++) lengths.push((await readAll(await openMedia(client))).length)
    assert.deepEqual(lengths, [10, whole.length, whole.length, 20, whole.length])
    assert.equal(emulator.pendingFaults('door'), 0)
    assert.deepEqual(
      emulator.requests.slice(-5).map(request => request.fault),
      ['end', undefined, undefined, 'end', undefined],
    )
  })

  it('are not taken by a call that is refused for another cause', async () => {
    emulator.faults('door', [{ type: 'throttle' }])
    await assert.rejects(openMedia(mediaClient(emulator), { StartSelectorType: 'BOGUS' } as never), {
      name: 'InvalidArgumentException',
    })
    assert.equal(emulator.pendingFaults('door'), 1)
    emulator.clearFaults('door')
    assert.equal(emulator.pendingFaults('door'), 0)
  })

  it('are refused where they say nothing', () => {
    const wrong = [
      { type: 'bogus' },
      { type: 'cut' },
      { type: 'cut', atByte: -1 },
      { type: 'cut-in-block', block: 0 },
      { type: 'drip', bytesPerSecond: 0 },
      { type: 'error-tag' },
      { type: 'exception', statusCode: 42 },
      'often',
    ]
    for (const fault of wrong) assert.throws(() => emulator.faults('door', [fault as never]), OptionError)
    assert.equal(emulator.pendingFaults('door'), 0)
  })

  it('drip the body byte by byte', async () => {
    const clock = new FakeClock()
    await using slow = await startEmulator({ clock, limits: 'off', idleEndMs: 0 })
    await slow.addStream({ name: 'door', source: recording(1) })
    slow.faults('door', [{ type: 'drip', bytesPerSecond: 10 }])
    const body = await openMedia(mediaClient(slow))
    const first = await readUntil(body, bytes => bytes.length >= 1)
    await settled()
    assert.equal(slow.requests[0]!.endedBy, undefined)
    clock.advance(100)
    const second = await readUntil(body, bytes => bytes.length >= 2, first)
    assert.equal(second.length, 2)
    body.destroy()
  })
})
