import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { PassThrough, pipeline, Readable, Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { pipeline as pipelineOfReadableStream } from 'readable-stream'
import type { Credentials } from '../../lib/aws/auth/credentials.ts'
import { GetMediaError } from '../../lib/core/errors.ts'
import {
  SignedGetMediaSource,
  type SignedGetMediaSourceOptions,
} from '../../lib/get-media/signed-get-media-source.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'
import { type Handler, sendServiceError, type TestServer, withServer } from '../support/http-server.ts'

const CREDENTIALS: Credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'secret-key-that-must-not-show',
  sessionToken: 'session-token-that-must-not-show',
}

/** Options for a stream of its own: the gate and the endpoints are the process's. */
function optionsFor(
  server: { readonly url: string },
  more: Partial<SignedGetMediaSourceOptions> = {},
): SignedGetMediaSourceOptions {
  const options = {
    streamName: `cam-${randomUUID()}`,
    region: 'us-west-2',
    credentials: CREDENTIALS,
    controlEndpoint: server.url,
    startSelector: { type: 'EARLIEST' as const },
    ...more,
  }
  return options as SignedGetMediaSourceOptions
}

/** Answers GetDataEndpoint with the server itself, and GetMedia by the script's steps; the last one repeats. */
function service(...steps: Handler[]): Handler {
  let call = 0
  return (request, response, socket) => {
    if (request.path === '/getDataEndpoint') {
      response.end(JSON.stringify({ DataEndpoint: `http://${request.headers.host}` }))
      return
    }
    const step = steps[Math.min(call++, steps.length - 1)]!
    return step(request, response, socket)
  }
}

const sends =
  (...chunks: string[]): Handler =>
  (_request, response) => {
    writeHead(response)
    for (const chunk of chunks) response.write(chunk)
    response.end()
  }

function writeHead(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'video/webm', 'x-amzn-requestid': 'request-1' })
  response.flushHeaders()
}

/** All bytes as text, and the error at the end, if any. */
async function drain(source: AsyncIterable<Uint8Array>): Promise<{ text: string; error: unknown }> {
  let text = ''
  try {
    for await (const chunk of source) text += Buffer.from(chunk).toString('latin1')
    return { text, error: undefined }
  } catch (error) {
    return { text, error }
  }
}

async function failureOf(
  server: TestServer,
  more: Partial<SignedGetMediaSourceOptions> = {},
): Promise<GetMediaError> {
  const { error } = await drain(new SignedGetMediaSource(optionsFor(server, more)))
  assert.ok(GetMediaError.is(error), `expected one of our errors, got ${inspect(error)}`)
  return error
}

const callsOf = (server: TestServer, path: string) =>
  server.requests.filter(request => request.path === path).length

describe('SignedGetMediaSource calls GetMedia', () => {
  it('sends nothing until the first byte is asked for', async () => {
    await withServer(service(sends('x')), async server => {
      const source = new SignedGetMediaSource(optionsFor(server))
      await settled()
      assert.equal(server.requests.length, 0)
      source.destroy()
    })
  })

  it('asks GetDataEndpoint with GET_MEDIA, then posts the signed selector to what it gave', async () => {
    await withServer(service(sends('one', 'two')), async server => {
      const startSelector = { type: 'FRAGMENT_NUMBER', afterFragmentNumber: '91343' } as const
      const options = optionsFor(server, { startSelector })
      const { text, error } = await drain(new SignedGetMediaSource(options))
      assert.equal(error, undefined)
      assert.equal(text, 'onetwo')
      assert.deepEqual(
        server.requests.map(({ path, json }) => ({ path, json })),
        [
          { path: '/getDataEndpoint', json: { StreamName: options.streamName, APIName: 'GET_MEDIA' } },
          {
            path: '/getMedia',
            json: {
              StreamName: options.streamName,
              StartSelector: { StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: '91343' },
            },
          },
        ],
      )
      for (const { headers } of server.requests) {
        assert.match(
          headers.authorization ?? '',
          /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-west-2\/kinesisvideo\/aws4_request, /,
        )
        assert.equal(headers['x-amz-security-token'], CREDENTIALS.sessionToken)
        assert.equal(headers['content-type'], 'application/json')
        assert.equal(headers['accept-encoding'], undefined)
      }
    })
  })

  it('goes to `endpoint` without asking, and keeps its path', async () => {
    await withServer(service(sends('x')), async server => {
      await drain(new SignedGetMediaSource(optionsFor(server, { endpoint: `${server.url}/base/` })))
      assert.deepEqual(
        server.requests.map(request => request.path),
        ['/base/getMedia'],
      )
    })
  })

  it('emits the content type, the request id and the status before the first byte', async () => {
    await withServer(service(sends('x')), async server => {
      const source = new SignedGetMediaSource(optionsFor(server))
      const log: unknown[] = []
      source.on('response', response => log.push(response))
      source.on('data', chunk => log.push(String(chunk)))
      await once(source, 'end')
      assert.deepEqual(log, [{ contentType: 'video/webm', requestId: 'request-1', statusCode: 200 }, 'x'])
    })
  })

  it('ends where the body is empty', async () => {
    await withServer(service(sends()), async server => {
      assert.deepEqual(await drain(new SignedGetMediaSource(optionsFor(server))), {
        text: '',
        error: undefined,
      })
    })
  })

  it('asks for the endpoint once for many callers, and not again', async () => {
    await withServer(service(sends('x')), async server => {
      const options = optionsFor(server)
      const sources = [1, 2, 3].map(() => new SignedGetMediaSource(options))
      await Promise.all(sources.map(drain))
      await drain(new SignedGetMediaSource(options))
      assert.equal(callsOf(server, '/getDataEndpoint'), 1)
      assert.equal(callsOf(server, '/getMedia'), 4)
    })
  })
})

describe('SignedGetMediaSource checks its options in the constructor', () => {
  const cases: [name: string, options: Record<string, unknown>, option: string][] = [
    ['no stream', { streamName: undefined }, 'streamName'],
    ['a name with a slash', { streamName: 'a/b' }, 'streamName'],
    ['both names', { streamARN: 'arn:aws:kinesisvideo:us-west-2:1:stream/a/1' }, 'streamARN'],
    ['a bad region', { region: 'us west' }, 'region'],
    ['no selector', { startSelector: undefined }, 'startSelector'],
    [
      'a bad token',
      { startSelector: { type: 'CONTINUATION_TOKEN', continuationToken: 'ä' } },
      'startSelector.continuationToken',
    ],
    ['an endpoint that is no URL', { endpoint: 'localhost' }, 'endpoint'],
    ['an endpoint with a password', { endpoint: 'http://a:b@localhost' }, 'endpoint'],
    ['a timeout of zero', { connectTimeoutMs: 0 }, 'connectTimeoutMs'],
    ['a timeout that is a string', { idleTimeoutMs: '5' }, 'idleTimeoutMs'],
    ['a timeout that is NaN', { responseTimeoutMs: Number.NaN }, 'responseTimeoutMs'],
    ['a signal that is none', { signal: {} }, 'signal'],
    ['credentials without a secret', { credentials: { accessKeyId: 'A' } }, 'credentials.secretAccessKey'],
  ]
  for (const [name, options, option] of cases) {
    it(`refuses ${name}`, () => {
      const given = optionsFor({ url: 'http://127.0.0.1:9' }, options as Partial<SignedGetMediaSourceOptions>)
      assert.throws(() => new SignedGetMediaSource(given), { code: 'ERR_INVALID_OPTION', option })
    })
  }
})

describe('SignedGetMediaSource tells failures', () => {
  it('gives the typed error of an exception, with its request id', async () => {
    const refuses: Handler = (_request, response) =>
      sendServiceError(response, 404, 'ResourceNotFoundException', 'The requested stream is not found')
    await withServer(service(refuses), async server => {
      const error = await failureOf(server)
      assert.deepEqual(
        [error.code, error.statusCode, error.errorType, error.requestId, error.retryable],
        [
          'ERR_RESOURCE_NOT_FOUND',
          404,
          'ResourceNotFoundException',
          'a2f7c1de-0000-4000-8000-000000000001',
          false,
        ],
      )
    })
  })

  it('drops the endpoint after InvalidEndpoint, 401 and 403', async () => {
    for (const [statusCode, name] of [
      [400, 'InvalidEndpointException'],
      [401, 'NotAuthorizedException'],
      [403, 'AccessDeniedException'],
    ] as const) {
      const refuses: Handler = (_request, response) => sendServiceError(response, statusCode, name, 'no')
      await withServer(service(refuses, sends('x')), async server => {
        const options = optionsFor(server)
        await drain(new SignedGetMediaSource(options))
        const { text } = await drain(new SignedGetMediaSource(options))
        assert.equal(text, 'x')
        assert.equal(callsOf(server, '/getDataEndpoint'), 2, name)
      })
    }
  })

  it('keeps the endpoint after a throttle', async () => {
    const throttles: Handler = (_request, response) =>
      sendServiceError(response, 400, 'ClientLimitExceededException', 'no')
    await withServer(service(throttles, sends('x')), async server => {
      const options = optionsFor(server)
      await drain(new SignedGetMediaSource(options))
      await drain(new SignedGetMediaSource(options))
      assert.equal(callsOf(server, '/getDataEndpoint'), 1)
    })
  })

  it('asks a credentials function with forceRefresh after a 403', async () => {
    const asked: unknown[] = []
    const credentials = (options?: { forceRefresh?: boolean }) => {
      asked.push(options)
      return { ...CREDENTIALS, expiration: new Date(Date.now() + 3_600_000) }
    }
    const refuses: Handler = (_request, response) =>
      sendServiceError(response, 403, 'ExpiredTokenException', 'old')
    await withServer(service(refuses, sends('x')), async server => {
      const options = optionsFor(server, { credentials })
      await drain(new SignedGetMediaSource(options))
      await drain(new SignedGetMediaSource(options))
      await drain(new SignedGetMediaSource(options))
      assert.deepEqual(asked, [undefined, { forceRefresh: true }])
    })
  })

  it('reads an endless error body only so far', async () => {
    const endless: Handler = (_request, response) => {
      response.writeHead(500, { 'content-type': 'text/html' })
      const more = () => {
        while (response.write('<p>'.repeat(1000)));
      }
      response.on('drain', more)
      more()
    }
    await withServer(service(endless), async server => {
      const error = await failureOf(server)
      assert.equal(error.code, 'ERR_SERVICE_UNAVAILABLE')
      assert.ok(error.message.length < 1000)
      await server.allClosed()
    })
  })

  it('says which connection was refused, with the original error as cause, and drops the endpoint', async () => {
    await withServer(service(sends('x')), async server => {
      const unused = await unusedPort()
      let endpoint = `http://127.0.0.1:${unused}`
      const control: Handler = (_request, response) =>
        void response.end(JSON.stringify({ DataEndpoint: endpoint }))
      await withServer(control, async controlServer => {
        const options = optionsFor(controlServer)
        const { error } = await drain(new SignedGetMediaSource(options))
        assert.ok(GetMediaError.is(error))
        assert.equal(error.code, 'ERR_CONNECTION')
        assert.equal(error.retryable, true)
        assert.match(error.message, /ECONNREFUSED/)
        assert.ok(error.cause instanceof Error && !('options' in error.cause))
        endpoint = server.url
        assert.equal((await drain(new SignedGetMediaSource(options))).text, 'x')
      })
    })
  })

  it('never follows a redirect', async () => {
    const redirects: Handler = (_request, response) => {
      response.writeHead(307, { location: 'http://127.0.0.1:9/getMedia' }).end()
    }
    await withServer(service(redirects), async server => {
      const error = await failureOf(server)
      assert.equal(error.statusCode, 307)
      assert.match(error.message, /redirects/)
    })
  })

  it('gives up on an answer, and on a connection, that does not come in time', async () => {
    const clock = new FakeClock()
    let arrived = () => {}
    const silent: Handler = () => arrived()
    await withServer(service(silent), async server => {
      const inService = new Promise<void>(resolve => {
        arrived = resolve
      })
      const failing = failureOf(server, { clock, responseTimeoutMs: 5_000 })
      await inService
      clock.advance(5_001)
      assert.equal((await failing).code, 'ERR_RESPONSE_TIMEOUT')
      assert.equal(clock.pendingTimers, 0)
      await server.allClosed()
    })
    // TCP alone is no connection where TLS is asked for.
    const tcp = createTcpServer(() => arrived()).listen(0, '127.0.0.1')
    await once(tcp, 'listening')
    const connected = new Promise<void>(resolve => {
      arrived = resolve
    })
    const endpoint = `https://127.0.0.1:${(tcp.address() as AddressInfo).port}`
    const source = new SignedGetMediaSource(optionsFor({ url: endpoint }, { clock, endpoint }))
    const drained = drain(source)
    await connected
    clock.advance(10_001)
    const { error } = await drained
    tcp.close()
    assert.ok(GetMediaError.is(error))
    assert.equal(error.code, 'ERR_CONNECT_TIMEOUT')
  })
})

describe('SignedGetMediaSource delivers what came before a failure', () => {
  const cuts: Handler = (_request, response, socket) => {
    writeHead(response)
    response.write('whole ')
    response.write('fragment', () => socket.end())
  }

  it('to async iteration', async () => {
    await withServer(service(cuts), async server => {
      const { text, error } = await drain(new SignedGetMediaSource(optionsFor(server)))
      assert.equal(text, 'whole fragment')
      assert.ok(GetMediaError.is(error))
      assert.deepEqual([error.code, error.retryable], ['ERR_CONNECTION', true])
    })
  })

  it('to a reader that comes late, and to a pipe that is full', async () => {
    await withServer(service(cuts), async server => {
      const source = new SignedGetMediaSource(optionsFor(server))
      const taken: string[] = []
      const slow = new Writable({
        highWaterMark: 1,
        write(chunk, _encoding, callback) {
          taken.push(String(chunk))
          void settled().then(() => callback())
        },
      })
      const error = await new Promise(resolve => pipeline(source, slow, resolve))
      assert.equal(taken.join(''), 'whole fragment')
      assert.ok(GetMediaError.is(error))
    })
  })

  it('to a web stream', async () => {
    await withServer(service(cuts), async server => {
      const web = Readable.toWeb(new SignedGetMediaSource(optionsFor(server)) as unknown as Readable)
      const { text, error } = await drain(web)
      assert.equal(text, 'whole fragment')
      assert.ok(GetMediaError.is(error))
    })
  })

  it('when the connection is reset under a reader that keeps up', async () => {
    const resets: Handler = (_request, response, socket) => {
      writeHead(response)
      response.write('whole fragment')
      source?.once('data', () => socket.resetAndDestroy())
    }
    let source: SignedGetMediaSource | undefined
    await withServer(service(resets), async server => {
      source = new SignedGetMediaSource(optionsFor(server))
      const chunks: Buffer[] = []
      source.on('data', chunk => chunks.push(chunk))
      const [error] = await once(source, 'error')
      assert.equal(Buffer.concat(chunks).toString(), 'whole fragment')
      assert.ok(GetMediaError.is(error))
      assert.equal(error.code, 'ERR_CONNECTION')
      assert.match(error.message, /ECONNRESET/)
    })
  })

  it('and tells a body that is shorter than it said', async () => {
    const short: Handler = (_request, response, socket) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('some', () => socket.end())
    }
    await withServer(service(short), async server => {
      const { text, error } = await drain(new SignedGetMediaSource(optionsFor(server)))
      assert.equal(text, 'some')
      assert.ok(GetMediaError.is(error))
      assert.equal(error.code, 'ERR_CONNECTION')
    })
  })
})

describe('SignedGetMediaSource with an encoding', () => {
  it('gives text, whole characters only', async () => {
    const inPieces: Handler = (_request, response) => {
      writeHead(response)
      const pieces = ['61', 'c3', 'a9'].map(hex => Buffer.from(hex, 'hex'))
      const next = () => {
        const piece = pieces.shift()
        if (piece === undefined) response.end()
        else response.write(piece, () => setImmediate(next))
      }
      next()
    }
    await withServer(service(inPieces), async server => {
      const source = new SignedGetMediaSource(optionsFor(server))
      source.setEncoding('utf8')
      const taken: unknown[] = []
      source.on('data', chunk => taken.push(chunk))
      await once(source, 'end')
      assert.deepEqual([taken.join(''), taken.every(chunk => typeof chunk === 'string')], ['aé', true])
    })
  })
})

describe('SignedGetMediaSource watches a silent body', () => {
  const fallsSilent: Handler = (_request, response) => {
    writeHead(response)
    response.write('begin')
  }

  it('fails when the reader has waited too long, after what came', async () => {
    await withServer(service(fallsSilent), async server => {
      const clock = new FakeClock()
      const source = new SignedGetMediaSource(optionsFor(server, { clock, idleTimeoutMs: 3_000 }))
      const chunks: string[] = []
      const failed = new Promise<unknown>(resolve => source.on('error', resolve))
      source.on('data', chunk => chunks.push(String(chunk)))
      await once(source, 'data')
      clock.advance(2_999)
      assert.equal(source.destroyed, false)
      clock.advance(2)
      const error = await failed
      assert.deepEqual(chunks, ['begin'])
      assert.ok(GetMediaError.is(error))
      assert.deepEqual([error.code, error.retryable], ['ERR_IDLE_TIMEOUT', true])
      await server.allClosed()
      assert.equal(clock.pendingTimers, 0)
    })
  })

  it('is not tripped by a reader that does not read', async () => {
    await withServer(service(fallsSilent), async server => {
      const clock = new FakeClock()
      const source = new SignedGetMediaSource(optionsFor(server, { clock, idleTimeoutMs: 3_000 }))
      source.on('data', () => source.pause())
      await once(source, 'pause')
      clock.advance(60_000)
      assert.equal(source.destroyed, false)
      source.resume()
      await settled()
      clock.advance(2_999)
      assert.equal(source.destroyed, false)
      source.on('error', () => {})
      clock.advance(2)
      assert.equal(source.destroyed, true)
    })
  })

  it('counts for a reader that changes to readable while it has a chunk in hand', async () => {
    let send: (text: string) => void = () => {}
    const inParts: Handler = (_request, response) => {
      writeHead(response)
      send = text => response.write(text)
      send('first')
    }
    await withServer(service(inParts), async server => {
      const clock = new FakeClock()
      const source = new SignedGetMediaSource(optionsFor(server, { clock }))
      const failed = new Promise<unknown>(resolve => source.on('error', resolve))
      source.once('data', () => send('second'))
      await once(source, 'data')
      await new Promise<void>(resolve => {
        source.once('data', () => {
          source.pause()
          source.on('readable', () => source.read())
          resolve()
        })
      })
      await settled()
      clock.advance(10_001)
      const error = await failed
      assert.ok(GetMediaError.is(error))
      assert.equal(error.code, 'ERR_IDLE_TIMEOUT')
    })
  })

  it('counts for a reader that only listens for readable', async () => {
    const silent: Handler = (_request, response) => writeHead(response)
    await withServer(service(silent), async server => {
      const clock = new FakeClock()
      const source = new SignedGetMediaSource(optionsFor(server, { clock }))
      const failed = new Promise<unknown>(resolve => source.on('error', resolve))
      const responded = once(source, 'response')
      source.on('readable', () => source.read())
      await responded
      await settled()
      clock.advance(10_001)
      const error = await failed
      assert.ok(GetMediaError.is(error))
      assert.equal(error.code, 'ERR_IDLE_TIMEOUT')
    })
  })
})

describe('SignedGetMediaSource holds the server back', () => {
  it('while nobody reads, and hands on what came once somebody does', async () => {
    let written = 0
    let stuck = () => {}
    const endless: Handler = (_request, response) => {
      writeHead(response)
      const block = Buffer.alloc(64 * 1024, 1)
      const write = () => {
        while (written < 256 * 1024 * 1024) {
          written += block.length
          if (!response.write(block)) break
        }
        stuck()
      }
      response.on('drain', write)
      write()
    }
    await withServer(service(endless), async server => {
      const source = new SignedGetMediaSource(optionsFor(server))
      await once(source, 'readable')
      // The server runs in this process: when many turns bring no more writes, the kernel's buffers are full.
      for (let turns = 0; turns < 200; ) {
        const before = written
        await settled()
        turns = written === before ? turns + 1 : 0
      }
      const held = written
      assert.ok(held < 32 * 1024 * 1024, `the server could write ${held} bytes`)
      assert.ok(source.readableLength <= 64 * 1024)
      const moved = new Promise<void>(resolve => {
        stuck = resolve
      })
      source.resume()
      await moved
      source.destroy()
      await server.allClosed()
    })
  })
})

describe('SignedGetMediaSource leaves nothing behind', () => {
  const endless: Handler = (_request, response) => {
    writeHead(response)
    response.write('x')
  }

  it('when it is destroyed in the middle: socket, listener and timer are gone', async () => {
    await withServer(service(endless), async server => {
      const clock = new FakeClock()
      const controller = new AbortController()
      const source = new SignedGetMediaSource(optionsFor(server, { clock, signal: controller.signal }))
      source.on('data', () => {})
      await once(source, 'data')
      source.destroy()
      await once(source, 'close')
      await server.allClosed()
      assert.equal(clock.pendingTimers, 0)
      controller.abort()
      assert.equal(source.errored, null)
    })
  })

  it('when the signal fires: an AbortError, and the socket is closed', async () => {
    await withServer(service(endless), async server => {
      const controller = new AbortController()
      const source = new SignedGetMediaSource(optionsFor(server, { signal: controller.signal }))
      source.on('data', () => controller.abort(new Error('enough')))
      const [error] = await once(source, 'error')
      assert.ok(GetMediaError.is(error))
      assert.equal(error.code, 'ERR_ABORTED')
      assert.equal(error.cause instanceof Error && error.cause.message, 'enough')
      await server.allClosed()
    })
  })

  it('when the signal had fired before: nothing is sent', async () => {
    await withServer(service(endless), async server => {
      const { error } = await drain(
        new SignedGetMediaSource(optionsFor(server, { signal: AbortSignal.abort() })),
      )
      assert.ok(GetMediaError.is(error))
      assert.equal(error.code, 'ERR_ABORTED')
      assert.equal(server.requests.length, 0)
    })
  })

  it('at whatever moment it is destroyed: the next session gets its place', async () => {
    await withServer(service(endless), async server => {
      const options = optionsFor(server)
      for (let turns = 0; turns < 4; turns++) {
        const source = new SignedGetMediaSource(options)
        source.on('error', () => {})
        source.resume()
        for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve))
        source.destroy()
      }
      const source = new SignedGetMediaSource(options)
      const [chunk] = await once(source, 'data')
      assert.equal(String(chunk), 'x')
      source.destroy()
      await server.allClosed()
    })
  })

  it('lets three sessions be open, and a fourth when one has ended', async () => {
    await withServer(service(endless), async server => {
      const options = optionsFor(server)
      const open = [1, 2, 3].map(() => new SignedGetMediaSource(options))
      await Promise.all(open.map(source => once(source.resume(), 'response')))
      const fourth = new SignedGetMediaSource(options)
      const response = once(fourth.resume(), 'response')
      await settled()
      assert.equal(callsOf(server, '/getMedia'), 3)
      open[0]!.destroy()
      await response
      assert.equal(callsOf(server, '/getMedia'), 4)
      for (const source of [...open, fourth]) source.destroy()
      await server.allClosed()
    })
  })
})

describe('SignedGetMediaSource fits where a Readable fits', () => {
  it('in pipeline of node:stream and of readable-stream', async () => {
    for (const join of [pipeline, pipelineOfReadableStream]) {
      await withServer(service(sends('one', 'two')), async server => {
        const sink = new PassThrough()
        const error = await new Promise(resolve =>
          join(new SignedGetMediaSource(optionsFor(server)), sink, resolve).resume(),
        )
        assert.equal(error, undefined)
      })
    }
  })

  it('as a web stream', async () => {
    await withServer(service(sends('one', 'two')), async server => {
      const web = Readable.toWeb(new SignedGetMediaSource(optionsFor(server)) as unknown as Readable)
      assert.equal(await new Response(web as ReadableStream).text(), 'onetwo')
    })
  })
})

describe('SignedGetMediaSource keeps secrets', () => {
  it('out of itself, its errors and its responses, however they are shown', async () => {
    const refuses: Handler = (_request, response) =>
      sendServiceError(response, 403, 'InvalidSignatureException', 'Signature expired')
    await withServer(service(refuses, sends('x')), async server => {
      const options = optionsFor(server)
      const source = new SignedGetMediaSource(options)
      const shown = [show(source)]
      const { error } = await drain(source)
      shown.push(show(source), show(error))
      const second = new SignedGetMediaSource(options)
      second.on('response', response => shown.push(show(response), show(second)))
      await drain(second)
      const refused = await drain(
        new SignedGetMediaSource(optionsFor(server, { endpoint: `http://127.0.0.1:${await unusedPort()}` })),
      )
      shown.push(show(refused.error))
      const text = shown.join('\n')
      assert.ok(shown.length === 6 && text.includes('ECONNREFUSED') && text.includes('InvalidSignature'))
      assert.doesNotMatch(text, /must-not-show|AWS4-HMAC-SHA256/)
    })
  })
})

function show(value: unknown): string {
  return inspect(value, { depth: 10, showHidden: true }) + JSON.stringify(value)
}

async function unusedPort(): Promise<number> {
  const tcp = createTcpServer().listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  const { port } = tcp.address() as AddressInfo
  tcp.close()
  await once(tcp, 'close')
  return port
}
