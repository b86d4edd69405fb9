import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { CreateStreamCommand, ListStreamsCommand } from '@aws-sdk/client-kinesis-video'
import fc from 'fast-check'
import { type Emulator, type EmulatorOptions, startEmulator } from '../../lib/emulator/index.ts'
import { OPERATIONS } from '../../lib/emulator/operations/index.ts'
import { RequestLog, type RequestRecord } from '../../lib/emulator/server/request-log.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'
import { controlClient, sendRaw } from './clients.ts'

const HEAD = 'POST /describeStream HTTP/1.1\r\nHost: x\r\n'

function unsigned(options: EmulatorOptions = {}): Promise<Emulator> {
  return startEmulator({ signatures: 'ignore', limits: 'off', idleEndMs: 0, ...options })
}

async function open(emulator: Emulator): Promise<Socket> {
  const socket = connect(emulator.port, '127.0.0.1')
  // What was still to be sent when the service closed the connection.
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Resolves when the connection is closed, with an error or without. */
function whenClosed(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    if (socket.closed) resolve()
    else socket.once('close', () => resolve())
  })
}

/** All that is answered until the connection is closed. */
async function answerTo(socket: Socket): Promise<string> {
  let answered = ''
  socket.on('data', chunk => {
    answered += chunk
  })
  await whenClosed(socket)
  return answered
}

/** Whether the service still does its work. */
async function isWell(emulator: Emulator): Promise<boolean> {
  const answer = await controlClient(emulator).send(new ListStreamsCommand({}))
  return answer.StreamInfoList !== undefined
}

describe('a request that is no good', () => {
  const texts: [what: string, text: string, answer: RegExp][] = [
    ['no HTTP', 'GARBAGE\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['headers of a hundred kilobytes', `${HEAD}X: ${'x'.repeat(100_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['ten thousand headers', `${HEAD}${'X: y\r\n'.repeat(10_000)}\r\n`, /^HTTP\/1\.1 431 /],
    ['a path of a hundred kilobytes', `POST /${'x'.repeat(100_000)} HTTP/1.1\r\n`, /^HTTP\/1\.1 431 /],
    ['two lengths', `${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, /^HTTP\/1\.1 400 /],
    ['a length that is none', `${HEAD}Content-Length: -5\r\n\r\n`, /^HTTP\/1\.1 400 /],
    ['a chunk that is none', `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, /^(HTTP\/1\.1 400 .*)?$/s],
  ]
  for (const [what, text, answer] of texts) {
    it(`is answered, and its connection closed: ${what}`, async () => {
      await using emulator = await unsigned()
      const socket = await open(emulator)
      socket.write(text)
      assert.match(await answerTo(socket), answer)
      assert.ok(await isWell(emulator))
    })
  }

  it('is not waited for when it does not end: the body', async () => {
    await using emulator = await unsigned()
    const socket = await open(emulator)
    const chunk = Buffer.concat([Buffer.from('4000\r\n'), Buffer.alloc(0x4000, '['), Buffer.from('\r\n')])
    const sendOn = () => {
      while (!socket.destroyed && socket.write(chunk));
    }
    socket.on('drain', sendOn)
    socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`)
    sendOn()
    const answer = await answerTo(socket)
    // The answer may be lost with a connection that is closed while more is on its way.
    assert.match(answer, /^(HTTP\/1\.1 413 .*RequestEntityTooLargeException.*)?$/s)
    assert.equal(emulator.requests[0]!.errorType, 'RequestEntityTooLargeException')
    assert.ok(await isWell(emulator))
  })

  it('is not waited for when it does not come: the rest of the body', async () => {
    const clock = new FakeClock()
    await using emulator = await unsigned({ clock })
    const socket = await open(emulator)
    socket.write(`${HEAD}Content-Length: 100\r\n\r\n{"Stream`)
    while (emulator.requests.length === 0) await settled()
    clock.advance(59_999)
    await settled()
    const before = emulator.requests[0]!.statusCode
    clock.advance(1)
    assert.match(await answerTo(socket), /^HTTP\/1\.1 400 .*RequestTimeoutException/s)
    assert.equal(before, undefined)
    assert.equal(clock.pendingTimers, 0)
  })

  it('is forgotten when its client goes before its end', async () => {
    const clock = new FakeClock()
    await using emulator = await unsigned({ clock })
    const socket = await open(emulator)
    socket.write(`${HEAD}Content-Length: 100\r\n\r\n{"Stream`)
    while (emulator.requests.length === 0) await settled()
    socket.destroy()
    await emulator.requests[0]!.finished
    await settled()
    assert.equal(clock.pendingTimers, 0)
    assert.ok(await isWell(emulator))
  })

  const bodies: [what: string, body: string][] = [
    ['nothing but brackets', '['.repeat(60_000)],
    ['objects in objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ['one level too deep', `{"a":${'['.repeat(32)}${']'.repeat(32)}}`],
    ['quotes and escapes without end', '"\\"'.repeat(20_000)],
    ['no UTF-8', '{"StreamName": "\ud800'],
    ['a comma too many', '{"StreamName": "door",}'],
    ['two objects', '{}{}'],
  ]
  for (const [what, body] of bodies) {
    it(`gets the front end’s error: ${what}`, async () => {
      await using emulator = await unsigned()
      const answer = await sendRaw(emulator, { path: '/describeStream', body })
      assert.deepEqual(
        [answer.statusCode, answer.headers['x-amzn-errortype']],
        [400, 'SerializationException'],
      )
    })
  }

  it('may be nested where it says nothing, up to a depth', async () => {
    await using emulator = await unsigned()
    const body = `{"MaxResults": 1, "Other": "[[[${'['.repeat(1000)}", "Deep": ${'['.repeat(31)}${']'.repeat(31)}}`
    assert.equal((await sendRaw(emulator, { path: '/listStreams', body })).statusCode, 200)
  })

  it('with any JSON at all gets an answer of the API, never an internal failure', async () => {
    await using emulator = await unsigned()
    await emulator.addStream({ name: 'door' })
    const paths = [...OPERATIONS.keys()].filter(path => path !== '/putMedia')
    const members = [
      'StreamName',
      'StreamARN',
      'Tags',
      'MaxResults',
      'NextToken',
      'Fragments',
      'FragmentSelector',
    ]
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('door', emulator.stream('door').arn))
    const body = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...members), value))
    const failures: unknown[] = []
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), body, async (path, json) => {
        const answer = await sendRaw(emulator, { path, body: JSON.stringify(json), unsigned: true })
        if (answer.statusCode >= 500) failures.push([path, json, answer.body])
      }),
      { numRuns: 300, seed: 7 },
    )
    assert.deepEqual(failures, [])
  })
})

describe('a stream’s name', () => {
  const names = ['.', '..', '...', '-', '__proto__', 'constructor', 'toString', 'CON', 'a'.repeat(256)]
  it('may be whatever the API allows, and means nothing else', async () => {
    await using emulator = await startEmulator({ limits: 'off' })
    const client = controlClient(emulator)
    for (const StreamName of names) await client.send(new CreateStreamCommand({ StreamName }))
    const listed = await client.send(new ListStreamsCommand({}))
    assert.deepEqual(listed.StreamInfoList!.map(info => info.StreamName).sort(), [...names].sort())
  })

  for (const name of ['a/b', '../../etc/passwd', 'a\\b', 'a b', 'a\0b', 'a\nb', 'ä', 'a%2Fb']) {
    it(`is refused as a whole where a part is not allowed: ${JSON.stringify(name)}`, async () => {
      await using emulator = await startEmulator()
      const client = controlClient(emulator)
      await assert.rejects(client.send(new CreateStreamCommand({ StreamName: name })), {
        name: 'InvalidArgumentException',
      })
      assert.equal(emulator.streams.length, 0)
    })
  }
})

describe('connections', () => {
  it('that idle are closed beyond a number, the oldest first, and no one is shut out', async () => {
    await using emulator = await unsigned({ idleConnections: 50 })
    const sockets: Socket[] = []
    const closed: Promise<void>[] = []
    for (let index = 0; index < 2000; index++) {
      const socket = await open(emulator)
      sockets.push(socket)
      if (index < 1950) closed.push(whenClosed(socket))
    }
    await Promise.all(closed)
    const openSockets = sockets.map(socket => !socket.destroyed)
    assert.deepEqual(openSockets, [...Array(1950).fill(false), ...Array(50).fill(true)])
    assert.ok(await isWell(emulator))
    for (const socket of sockets) socket.destroy()
  })

  it('with a request under way do not count as idle', async () => {
    await using emulator = await unsigned({ idleConnections: 1, idleEndMs: 600_000 })
    await emulator.addStream({ name: 'door' })
    const session = await open(emulator)
    const body = '{"StreamName":"door","StartSelector":{"StartSelectorType":"NOW"}}'
    session.write(`POST /getMedia HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    await once(session, 'data')
    const idle: Socket[] = []
    for (let index = 0; index < 3; index++) idle.push(await open(emulator))
    await whenClosed(idle[1]!)
    assert.deepEqual([session.destroyed, emulator.stream('door').openSessions], [false, 1])
    for (const socket of [session, ...idle]) socket.destroy()
  })
})

describe('the record of requests', () => {
  const recordOf = (body: unknown) => ({ body }) as RequestRecord

  it('forgets the oldest bodies when they are more than sixteen megabytes', () => {
    const log = new RequestLog()
    for (let index = 0; index < 100; index++) {
      const record = recordOf(index)
      log.add(record)
      log.noteBody(record, 1_000_000)
    }
    assert.equal(log.records.length, 100)
    assert.deepEqual(
      log.records.filter(record => record.body !== undefined).map(record => record.body),
      Array.from({ length: 16 }, (_, index) => 84 + index),
    )
  })

  it('forgets the oldest requests beyond ten thousand, and the ends of long paths', async () => {
    const log = new RequestLog()
    for (let index = 0; index < 10_001; index++) log.add(recordOf(index))
    await using emulator = await unsigned()
    await sendRaw(emulator, { path: `/${'x'.repeat(10_000)}` })
    assert.deepEqual([log.records.length, log.records[0]!.body], [10_000, 1])
    assert.equal(emulator.requests[0]!.path.length, 1024)
  })
})
