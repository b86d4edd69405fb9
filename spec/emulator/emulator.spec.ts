import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import {
  DescribeStreamCommand,
  GetDataEndpointCommand,
  ListStreamsCommand,
} from '@aws-sdk/client-kinesis-video'
import { OptionError } from '../../lib/core/errors.ts'
import { type Emulator, startEmulator } from '../../lib/emulator/index.ts'
import { controlClient, framesIn, mediaClient, openMedia, readAll, recording, sendRaw } from './clients.ts'

const GET_MEDIA = JSON.stringify({ StreamName: 'door', StartSelector: { StartSelectorType: 'NOW' } })

describe('startEmulator', () => {
  it('runs many services at once, each for itself', async () => {
    const emulators = await Promise.all(Array.from({ length: 20 }, () => startEmulator({ idleEndMs: 0 })))
    await Promise.all(emulators.map(emulator => emulator.addStream({ name: 'door', source: recording(1) })))
    const bodies = await Promise.all(
      emulators.map(async emulator => readAll(await openMedia(mediaClient(emulator)))),
    )
    await Promise.all(emulators.map(emulator => emulator.close()))
    assert.deepEqual(
      bodies.map(body => framesIn(body).length),
      Array(20).fill(3),
    )
    assert.equal(new Set(emulators.map(emulator => emulator.port)).size, 20)
  })

  it('breaks open sessions when it closes, and may be closed twice', async () => {
    const emulator = await startEmulator({ idleEndMs: 600_000 })
    const stream = await emulator.addStream({ name: 'door' })
    const body = await openMedia(mediaClient(emulator))
    await Promise.all([assert.rejects(readAll(body)), emulator.close()])
    await emulator.close()
    assert.equal(stream.openSessions, 0)
    await assert.rejects(sendRaw(emulator, {}), { code: 'ECONNREFUSED' })
  })

  it('says which option is wrong', async () => {
    const wrong = [
      { port: -1 },
      { port: 70_000 },
      { host: '' },
      { limits: { getMediaSessions: -1 } },
      { idleEnd: 'later' as never },
      { idleEndMs: Number.NaN },
      { accountId: '12' },
      { advertisedUrl: 'nowhere' },
    ]
    for (const options of wrong) await assert.rejects(startEmulator(options), OptionError)
  })

  it('fails where the port is taken', async () => {
    await using emulator = await startEmulator()
    await assert.rejects(startEmulator({ port: emulator.port }), { code: 'EADDRINUSE' })
  })

  it('tells clients another address where it is set', async () => {
    await using emulator = await startEmulator({ advertisedUrl: 'http://kvs.test:8080/' })
    await emulator.addStream({ name: 'door' })
    const answer = await controlClient(emulator).send(
      new GetDataEndpointCommand({ StreamName: 'door', APIName: 'GET_MEDIA' }),
    )
    assert.equal(answer.DataEndpoint, 'http://kvs.test:8080')
  })
})

describe('the control operations', () => {
  it('describe a stream by name and by ARN', async () => {
    await using emulator = await startEmulator({
      region: 'eu-central-1',
      accountId: '000000000001',
      // The client is set to another region.
      signatures: 'ignore',
    })
    const stream = await emulator.addStream({ name: 'door', deviceName: 'camera', dataRetentionInHours: 2 })
    const client = controlClient(emulator)
    const byName = await client.send(new DescribeStreamCommand({ StreamName: 'door' }))
    const byArn = await client.send(new DescribeStreamCommand({ StreamARN: stream.arn }))
    assert.deepEqual(byName.StreamInfo, byArn.StreamInfo)
    assert.match(
      byName.StreamInfo!.StreamARN!,
      /^arn:aws:kinesisvideo:eu-central-1:000000000001:stream\/door\/[0-9]{13}$/,
    )
    assert.match(byName.StreamInfo!.Version!, /^[a-zA-Z0-9]{20}$/)
    assert.equal(byName.StreamInfo!.CreationTime!.getTime(), stream.createdMs)
    assert.equal(byName.StreamInfo!.Status, 'ACTIVE')
    assert.equal(byName.StreamInfo!.DeviceName, 'camera')
    assert.equal(byName.StreamInfo!.DataRetentionInHours, 2)
  })

  it('list streams in pages and by the beginning of their names', async () => {
    await using emulator = await startEmulator()
    for (const name of ['b-2', 'a-1', 'b-1', 'c']) await emulator.addStream({ name })
    const client = controlClient(emulator)
    const names: (string | undefined)[][] = []
    let NextToken: string | undefined
    do {
      const page = await client.send(new ListStreamsCommand({ MaxResults: 3, NextToken }))
      names.push(page.StreamInfoList!.map(info => info.StreamName))
      NextToken = page.NextToken
    } while (NextToken !== undefined)
    assert.deepEqual(names, [['a-1', 'b-1', 'b-2'], ['c']])
    const some = await client.send(
      new ListStreamsCommand({
        StreamNameCondition: { ComparisonOperator: 'BEGINS_WITH', ComparisonValue: 'b' },
      }),
    )
    assert.deepEqual(
      some.StreamInfoList!.map(info => info.StreamName),
      ['b-1', 'b-2'],
    )
    await assert.rejects(client.send(new ListStreamsCommand({ NextToken: '////' })), {
      name: 'InvalidArgumentException',
    })
    await assert.rejects(client.send(new ListStreamsCommand({ MaxResults: 0 })), {
      name: 'InvalidArgumentException',
    })
  })

  it('give an endpoint for each API, and errors under their names', async () => {
    await using emulator = await startEmulator({ limits: 'off' })
    await emulator.addStream({ name: 'door' })
    const client = controlClient(emulator)
    const ask = (StreamName: string, APIName: string) =>
      client.send(new GetDataEndpointCommand({ StreamName, APIName: APIName as never }))
    for (const api of ['PUT_MEDIA', 'LIST_FRAGMENTS', 'GET_CLIP']) {
      assert.equal((await ask('door', api)).DataEndpoint, emulator.url)
    }
    await assert.rejects(ask('gate', 'GET_MEDIA'), { name: 'ResourceNotFoundException' })
    await assert.rejects(ask('door', 'BOGUS'), { name: 'InvalidArgumentException' })
  })
})

describe('the emulator as an HTTP server', () => {
  const withDoor = async (options = {}) => {
    const emulator = await startEmulator({ limits: 'off', idleEndMs: 0, ...options })
    await emulator.addStream({ name: 'door', source: recording(1) })
    return emulator
  }

  it('answers a path or a method that is no operation as a wrong host does', async () => {
    await using emulator = await withDoor()
    const wrong = [
      { path: '/' },
      { path: '/getMedia', method: 'GET' },
      { path: '/GetMedia' },
      { path: '/getMedia/../x' },
      { path: '/getClip' },
    ]
    for (const request of wrong) {
      const answer = await sendRaw(emulator, request)
      assert.equal(answer.statusCode, 403)
      assert.equal(answer.headers['x-amzn-errortype'], 'AccessDeniedException')
      assert.equal(
        JSON.parse(answer.body).Message,
        'Unable to determine service/operation name to be authorized',
      )
      assert.equal(answer.headers['x-amzn-requestid'], emulator.requests.at(-1)!.requestId)
    }
  })

  it('answers 100-continue before it takes the body', async () => {
    await using emulator = await withDoor({ signatures: 'ignore' })
    const lines = await talk(emulator, [
      `POST /getMedia HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: ${GET_MEDIA.length}\r\n\r\n`,
      GET_MEDIA,
    ])
    assert.match(lines, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
    assert.match(lines, /Transfer-Encoding: chunked/i)
  })

  it('demands no header beyond HTTP’s own', async () => {
    await using emulator = await withDoor({ signatures: 'ignore' })
    const answer = await sendRaw(emulator, { body: GET_MEDIA, unsigned: true })
    assert.equal(answer.statusCode, 200)
    assert.equal(answer.headers['content-type'], 'video/webm')
  })

  it('refuses a request body that is too large', async () => {
    await using emulator = await withDoor()
    const answer = await sendRaw(emulator, { body: `{"StreamName":"${'x'.repeat(70_000)}"}` })
    assert.equal(answer.statusCode, 413)
    assert.equal(answer.headers.connection, 'close')
  })

  it('keeps a record of the requests, without their signatures', async () => {
    await using emulator = await withDoor()
    await readAll(await openMedia(mediaClient(emulator)))
    await sendRaw(emulator, { path: '/nothing' })
    await Promise.all(emulator.requests.map(request => request.finished))
    assert.deepEqual(
      emulator.requests.map(({ operation, path, statusCode, errorType, endedBy }) => {
        return { operation, path, statusCode, errorType, endedBy }
      }),
      [
        { operation: 'GetMedia', path: '/getMedia', statusCode: 200, errorType: undefined, endedBy: 'idle' },
        {
          operation: undefined,
          path: '/nothing',
          statusCode: 403,
          errorType: 'AccessDeniedException',
          endedBy: undefined,
        },
      ],
    )
    assert.deepEqual(emulator.requests[0]!.body, {
      StartSelector: { StartSelectorType: 'EARLIEST' },
      StreamName: 'door',
    })
    assert.ok(emulator.requests[0]!.bytesSent > 0)
    assert.ok(!JSON.stringify(emulator.requests).includes('AWS4-HMAC'))
  })
})

/** Sends texts one after the other, each after some answer to the one before; gives all that was answered. */
async function talk(emulator: Emulator, texts: readonly string[]): Promise<string> {
  const socket = connect(emulator.port, '127.0.0.1')
  await once(socket, 'connect')
  let answered = ''
  for (const text of texts) {
    socket.write(text)
    const [chunk] = await once(socket, 'data')
    answered += chunk
  }
  for await (const chunk of socket) answered += chunk
  return answered
}
