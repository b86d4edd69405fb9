import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { GetDataEndpointCommand } from '@aws-sdk/client-kinesis-video'
import {
  GetMediaCommand,
  KinesisVideoMediaClient,
  type StartSelector,
} from '@aws-sdk/client-kinesis-video-media'
import { type Emulator, type MediaStream, startEmulator } from '../../../lib/emulator/index.ts'
import {
  controlClient,
  framesIn,
  mediaClient,
  openMedia,
  readAll,
  readUntil,
  recording,
  sendRaw,
  tagValues,
} from '../clients.ts'

const SERVER_START = 1_700_000_000_000
const PRODUCER_START = 1_700_000_500_000

describe('GetMedia', () => {
  let emulator: Emulator
  let stream: MediaStream
  let client: KinesisVideoMediaClient
  let numbers: string[]

  before(async () => {
    emulator = await startEmulator({ limits: 'off', idleEndMs: 0 })
    stream = await emulator.addStream({
      name: 'door',
      source: recording(5),
      serverStart: SERVER_START,
      producerStart: new Date(PRODUCER_START),
    })
    client = mediaClient(emulator)
    numbers = stream.fragments.map(fragment => String(fragment.number))
  })
  after(() => emulator.close())

  const read = async (selector: StartSelector) =>
    tagValues(await readAll(await openMedia(client, selector)), 'FRAGMENT_NUMBER')

  it('is reached at the endpoint that GetDataEndpoint gives', async () => {
    const answer = await controlClient(emulator).send(
      new GetDataEndpointCommand({ StreamName: 'door', APIName: 'GET_MEDIA' }),
    )
    assert.equal(answer.DataEndpoint, emulator.url)
    const pointed = new KinesisVideoMediaClient({
      endpoint: answer.DataEndpoint!,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    })
    assert.equal(framesIn(await readAll(await openMedia(pointed))).length, 15)
  })

  it('answers with the content type and a request id, and takes the ARN', async () => {
    const answer = await client.send(
      new GetMediaCommand({ StreamARN: stream.arn, StartSelector: { StartSelectorType: 'NOW' } }),
    )
    await readAll(answer.Payload as never)
    assert.equal(answer.ContentType, 'video/webm')
    assert.match(answer.$metadata.requestId!, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  })

  it('sends each frame once and in order from EARLIEST, with both times and the token', async () => {
    const bytes = await readAll(await openMedia(client))
    const names = [0, 1, 2, 3, 4].flatMap(index => [0, 1, 2].map(place => `frame-${index}-${place}`))
    assert.deepEqual(framesIn(bytes), names)
    assert.deepEqual(tagValues(bytes, 'FRAGMENT_NUMBER'), numbers)
    assert.deepEqual(tagValues(bytes, 'CONTINUATION_TOKEN'), numbers)
    assert.deepEqual(
      tagValues(bytes, 'SERVER_TIMESTAMP'),
      [0, 1, 2, 3, 4].map(second => `${1_700_000_000 + second}.000`),
    )
    assert.deepEqual(
      tagValues(bytes, 'PRODUCER_TIMESTAMP'),
      [0, 1, 2, 3, 4].map(second => `${1_700_000_500 + second}.000`),
    )
  })

  it('starts at the newest fragment with NOW', async () => {
    assert.deepEqual(await read({ StartSelectorType: 'NOW' }), numbers.slice(4))
  })

  it('starts after the fragment that FRAGMENT_NUMBER names, and after its token', async () => {
    for (const [index, number] of numbers.entries()) {
      const rest = numbers.slice(index + 1)
      assert.deepEqual(
        await read({ StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: number }),
        rest,
      )
      assert.deepEqual(
        await read({ StartSelectorType: 'CONTINUATION_TOKEN', ContinuationToken: number }),
        rest,
      )
    }
  })

  it('starts at the first greater number where none is stored under the given one', async () => {
    const before = String(BigInt(numbers[2]!) - 1n)
    assert.deepEqual(
      await read({ StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: before }),
      numbers.slice(2),
    )
    assert.deepEqual(await read({ StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: '1' }), numbers)
    assert.deepEqual(
      await read({ StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: '9'.repeat(128) }),
      [],
    )
  })

  const times: [string, number, number][] = [
    ['the fragment that begins at that time', 2000, 2],
    ['the fragment that contains the time', 2999, 2],
    ['the oldest for a time before all', -60_000, 0],
    ['nothing stored for a time after all', 60_000, 5],
  ]
  for (const [what, offsetMs, index] of times) {
    it(`starts at ${what}, by server and by producer time`, async () => {
      const server = new Date(SERVER_START + offsetMs)
      const producer = new Date(PRODUCER_START + offsetMs)
      assert.deepEqual(
        await read({ StartSelectorType: 'SERVER_TIMESTAMP', StartTimestamp: server }),
        numbers.slice(index),
      )
      assert.deepEqual(
        await read({ StartSelectorType: 'PRODUCER_TIMESTAMP', StartTimestamp: producer }),
        numbers.slice(index),
      )
    })
  }

  it('tells how far each fragment is behind at its sending', async () => {
    const fromMs = Date.now()
    const behind = tagValues(await readAll(await openMedia(client)), 'MILLIS_BEHIND_NOW')
    const toMs = Date.now()
    assert.equal(behind.length, 5)
    for (const [index, value] of behind.entries()) {
      const sentMs = SERVER_START + index * 1000 + Number(value)
      assert.ok(sentMs >= fromMs && sentMs <= toMs, `sent at ${sentMs}, within ${fromMs} to ${toMs}`)
    }
  })

  it('sends the status at once where the stream is empty, and what is appended as soon as it comes', async () => {
    await using patient = await startEmulator({ limits: 'off', idleEndMs: 600_000 })
    const empty = await patient.addStream({ name: 'door' })
    const body = await openMedia(mediaClient(patient), { StartSelectorType: 'NOW' })
    empty.append(recording(2))
    const bytes = await readUntil(body, read => tagValues(read, 'CONTINUATION_TOKEN').length === 2)
    body.destroy()
    assert.equal(framesIn(bytes).length, 6)
    await patient.requests[0]!.finished
    assert.equal(empty.openSessions, 0)
  })
})

describe('GetMedia, when a request is wrong', () => {
  let emulator: Emulator
  before(async () => {
    emulator = await startEmulator({ limits: 'off', idleEndMs: 0 })
    await emulator.addStream({ name: 'door' })
  })
  after(() => emulator.close())

  const wrong: [string, object, string, RegExp][] = [
    [
      'no stream',
      { StartSelector: { StartSelectorType: 'NOW' } },
      'InvalidArgumentException',
      /StreamName or StreamARN/,
    ],
    [
      'a name with a slash',
      { StreamName: 'a/b', StartSelector: { StartSelectorType: 'NOW' } },
      'InvalidArgumentException',
      /'a\/b' at 'streamName'/,
    ],
    [
      'a name too long',
      { StreamName: 'a'.repeat(257), StartSelector: { StartSelectorType: 'NOW' } },
      'InvalidArgumentException',
      /less than or equal to 256/,
    ],
    [
      'an ARN of another service',
      { StreamARN: 'arn:aws:s3:::bucket', StartSelector: { StartSelectorType: 'NOW' } },
      'InvalidArgumentException',
      /streamARN/,
    ],
    [
      'no selector',
      { StreamName: 'door' },
      'InvalidArgumentException',
      /'startSelector' .* must not be null/,
    ],
    [
      'a selector without type',
      { StreamName: 'door', StartSelector: {} },
      'InvalidArgumentException',
      /startSelector\.startSelectorType/,
    ],
    [
      'an unknown selector',
      { StreamName: 'door', StartSelector: { StartSelectorType: 'BOGUS' } },
      'InvalidArgumentException',
      /enum value set/,
    ],
    [
      'no number beside FRAGMENT_NUMBER',
      { StreamName: 'door', StartSelector: { StartSelectorType: 'FRAGMENT_NUMBER' } },
      'InvalidArgumentException',
      /afterFragmentNumber/,
    ],
    [
      'a number that is none',
      {
        StreamName: 'door',
        StartSelector: { StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: '12x' },
      },
      'InvalidArgumentException',
      /\[0-9\]\+/,
    ],
    [
      'no time beside SERVER_TIMESTAMP',
      { StreamName: 'door', StartSelector: { StartSelectorType: 'SERVER_TIMESTAMP' } },
      'InvalidArgumentException',
      /startTimestamp/,
    ],
    [
      'no token beside CONTINUATION_TOKEN',
      { StreamName: 'door', StartSelector: { StartSelectorType: 'CONTINUATION_TOKEN' } },
      'InvalidArgumentException',
      /continuationToken/,
    ],
    [
      'a token that was never given',
      {
        StreamName: 'door',
        StartSelector: { StartSelectorType: 'CONTINUATION_TOKEN', ContinuationToken: 'abc' },
      },
      'InvalidArgumentException',
      /abc/,
    ],
    [
      'an unknown stream',
      { StreamName: 'nowhere', StartSelector: { StartSelectorType: 'NOW' } },
      'ResourceNotFoundException',
      /nowhere/,
    ],
    [
      'an unknown stream and a wrong selector',
      { StreamName: 'nowhere', StartSelector: { StartSelectorType: 'BOGUS' } },
      'InvalidArgumentException',
      /BOGUS/,
    ],
  ]
  for (const [what, input, name, message] of wrong) {
    it(`answers ${name} to ${what}`, async () => {
      await assert.rejects(
        mediaClient(emulator).send(new GetMediaCommand(input as never)),
        (error: Error) => {
          const { $metadata } = error as unknown as {
            $metadata: { requestId: string; httpStatusCode: number }
          }
          assert.equal(error.name, name)
          assert.match(error.message, message)
          assert.equal($metadata.httpStatusCode, name === 'ResourceNotFoundException' ? 404 : 400)
          assert.equal($metadata.requestId, emulator.requests.at(-1)!.requestId)
          return true
        },
      )
    })
  }

  it('tells every breach of a request at once', async () => {
    const body = JSON.stringify({ StreamName: '', StartSelector: { StartSelectorType: 'BOGUS' } })
    const answer = await sendRaw(emulator, { body })
    assert.match(JSON.parse(answer.body).Message, /^3 validation errors detected: /)
  })

  it('refuses a wrong type and a body that is no JSON as the front end does', async () => {
    for (const body of ['{', '[]', '"x"', '{"StreamName":7}', '{"StartSelector":"NOW"}']) {
      const answer = await sendRaw(emulator, { body })
      assert.equal(answer.statusCode, 400)
      assert.equal(answer.headers['x-amzn-errortype'], 'SerializationException')
      assert.equal(JSON.parse(answer.body).Version, '1.0')
    }
  })
})

describe('GetMedia, how a session ends', () => {
  it('names the fragment in an error of the body where an unknown number is to be an error', async () => {
    await using emulator = await startEmulator({ limits: 'off', idleEndMs: 0, unknownFragment: 'error-tag' })
    const stream = await emulator.addStream({ name: 'door', source: recording(2) })
    const after = (number: string): StartSelector => ({
      StartSelectorType: 'FRAGMENT_NUMBER',
      AfterFragmentNumber: number,
    })
    const client = mediaClient(emulator)
    const unknown = await readAll(await openMedia(client, after('17')))
    assert.deepEqual(tagValues(unknown, 'ERROR_ID'), ['4000'])
    assert.deepEqual(tagValues(unknown, 'FRAGMENT_NUMBER'), ['17'])
    const known = await readAll(await openMedia(client, after(String(stream.fragments[0]!.number))))
    assert.deepEqual(tagValues(known, 'ERROR_ID'), [])
    assert.equal(framesIn(known).length, 3)
  })

  it('resets a silent session where that is set', async () => {
    await using emulator = await startEmulator({ limits: 'off', idleEndMs: 0, idleEnd: 'reset' })
    await emulator.addStream({ name: 'door', source: recording(1) })
    await assert.rejects(readAll(await openMedia(mediaClient(emulator))), { code: 'ECONNRESET' })
    assert.equal(emulator.requests[0]!.endedBy, 'idle')
  })

  it('keeps a silent session open where that is set, until the client goes', async () => {
    await using emulator = await startEmulator({ limits: 'off', idleEndMs: 0, idleEnd: 'stall' })
    const stream = await emulator.addStream({ name: 'door', source: recording(1) })
    const body = await openMedia(mediaClient(emulator))
    await readUntil(body, bytes => tagValues(bytes, 'CONTINUATION_TOKEN').length === 1)
    assert.equal(stream.openSessions, 1)
    body.destroy()
    await emulator.requests[0]!.finished
    assert.equal(stream.openSessions, 0)
  })
})
