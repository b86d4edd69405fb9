import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { getEventListeners, once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { type CallOptions, resolveCallSettings } from '../../../lib/aws/operations/call-settings.ts'
import {
  callPutMedia,
  type OpenPutSession,
  type PutMediaRequest,
} from '../../../lib/aws/operations/put-media-call.ts'
import { GetMediaError } from '../../../lib/core/errors.ts'
import { sendServiceError, withServer } from '../../support/http-server.ts'

const settingsFor = (url: string, more: object = {}) =>
  resolveCallSettings({
    streamName: `door-${randomUUID()}`,
    region: 'us-west-2',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'token' },
    controlEndpoint: url,
    ...more,
  } as CallOptions)

const requestOf = (
  more: Partial<PutMediaRequest> = {},
): PutMediaRequest & { readonly media: PassThrough } => {
  const media = new PassThrough()
  return {
    fragmentTimecodeType: 'RELATIVE',
    producerStartTimestamp: new Date(1_700_000_000_005),
    ...more,
    media,
  }
}

const never = { signal: new AbortController().signal }

function readAll({ acknowledgements }: OpenPutSession): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    acknowledgements.read({
      onChunk: chunk => {
        text += chunk.toString()
      },
      onEnd: () => resolve(text),
      onError: reject,
    })
  })
}

/** A server that sees the request before its body is over; gives its URL. */
async function withRawServer(handler: RequestListener, use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await use(`http://127.0.0.1:${port}`)
  // It waits for the connections to close: they must.
  await new Promise(resolve => server.close(resolve))
}

/** Answers GetDataEndpoint with itself. */
const endpoint = (headers: IncomingMessage['headers'], response: ServerResponse) =>
  response.end(JSON.stringify({ DataEndpoint: `http://${headers.host}` }))

describe('callPutMedia', () => {
  it('asks for the endpoint of PUT_MEDIA, and sends the headers of the API with an unsigned, chunked body', async () => {
    await withServer(
      (request, response) => {
        if (request.path === '/getDataEndpoint') endpoint(request.headers, response)
        else response.end('{}\n')
      },
      async server => {
        const settings = settingsFor(server.url)
        const request = requestOf({ contentType: 'video/x-matroska' })
        request.media.end('media')
        const session = await callPutMedia(settings, request, never)
        assert.equal(await readAll(session), '{}\n')
        const [asked, put] = server.requests
        assert.deepEqual(asked?.json, { StreamName: settings.streamId.streamName, APIName: 'PUT_MEDIA' })
        assert.deepEqual([put?.path, put?.body], ['/putMedia', 'media'])
        const { headers } = put!
        const sent = Object.keys(headers)
          .filter(name => /^(x-amzn-|x-amz-content|transfer|content-)/.test(name))
          .map(name => [name, headers[name]])
        assert.deepEqual(Object.fromEntries(sent), {
          'x-amzn-stream-name': settings.streamId.streamName,
          'x-amzn-fragment-timecode-type': 'RELATIVE',
          'x-amzn-producer-start-timestamp': '1700000000.005',
          'x-amzn-fragment-acknowledgment-required': '1',
          'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
          'content-type': 'video/x-matroska',
          'transfer-encoding': 'chunked',
        })
        assert.match(
          headers.authorization ?? '',
          /SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token;x-amzn-fragment-acknowledgment-required;x-amzn-fragment-timecode-type;x-amzn-producer-start-timestamp;x-amzn-stream-name, /,
        )
      },
    )
  })

  it('names the stream by its ARN where that is given', async () => {
    const streamARN = `arn:aws:kinesisvideo:us-west-2:123456789012:stream/${randomUUID()}/1`
    await withServer(
      (_request, response) => void response.end(),
      async server => {
        const request = requestOf()
        request.media.end()
        const settings = settingsFor(server.url, { streamName: undefined, streamARN, endpoint: server.url })
        await readAll(await callPutMedia(settings, request, never))
        const { headers } = server.requests[0]!
        assert.deepEqual(
          [headers['x-amzn-stream-arn'], headers['x-amzn-stream-name']],
          [streamARN, undefined],
        )
      },
    )
  })

  it('lets the body flow and the acknowledgements come at the same time', async () => {
    // Each portion is answered before the next one is written.
    const answers: RequestListener = (request, response) => {
      response.writeHead(200).flushHeaders()
      request.on('data', (chunk: Buffer) => response.write(`got ${chunk.toString()}\n`))
      request.on('end', () => response.end('end\n'))
    }
    const log: string[] = []
    await withRawServer(answers, async url => {
      const request = requestOf()
      const { acknowledgements } = await callPutMedia(settingsFor(url, { endpoint: url }), request, never)
      await new Promise<void>((resolve, reject) => {
        acknowledgements.read({
          onChunk: chunk => {
            log.push(chunk.toString())
            if (log.length < 3) request.media.write(`portion ${log.length}`)
            else if (log.length === 3) request.media.end()
          },
          onEnd: resolve,
          onError: reject,
        })
        request.media.write('portion 0')
      })
    })
    assert.deepEqual(log, ['got portion 0\n', 'got portion 1\n', 'got portion 2\n', 'end\n'])
  })

  it("makes the service's errors, in words that speak of PutMedia", async () => {
    const errors: [status: number, name: string, code: string, message: RegExp][] = [
      [400, 'ClientLimitExceededException', 'ERR_CLIENT_LIMIT_EXCEEDED', /^PutMedia was answered with 400/],
      [400, 'ConnectionLimitExceededException', 'ERR_CONNECTION_LIMIT_EXCEEDED', /sessions/],
      [400, 'InvalidArgumentException', 'ERR_INVALID_ARGUMENT', /check the stream and its media/],
      [400, 'InvalidEndpointException', 'ERR_INVALID_ENDPOINT', /APIName PUT_MEDIA/],
      [401, 'NotAuthorizedException', 'ERR_NOT_AUTHORIZED', /kinesisvideo:PutMedia/],
      [404, 'ResourceNotFoundException', 'ERR_RESOURCE_NOT_FOUND', /check the name/],
    ]
    for (const [status, name, code, message] of errors) {
      await withServer(
        (_request, response) => sendServiceError(response, status, name, 'no'),
        async server => {
          const request = requestOf()
          request.media.end()
          const settings = settingsFor(server.url, { endpoint: server.url })
          const error: unknown = await callPutMedia(settings, request, never).catch((error: unknown) => error)
          assert.ok(GetMediaError.is(error))
          assert.deepEqual([error.code, error.requestId], [code, 'a2f7c1de-0000-4000-8000-000000000001'])
          assert.match(error.message, message)
          assert.equal(request.media.destroyed, true)
          await server.allClosed()
        },
      )
    }
  })

  it('keeps the endpoints of both operations apart, and forgets one that failed', async () => {
    const names: unknown[] = []
    await withServer(
      (request, response) => {
        if (request.path !== '/getDataEndpoint')
          return sendServiceError(response, 400, 'InvalidEndpointException', '')
        names.push((request.json as { APIName: string }).APIName)
        endpoint(request.headers, response)
      },
      async server => {
        const settings = settingsFor(server.url)
        for (let call = 0; call < 2; call++) {
          const request = requestOf()
          request.media.end()
          await assert.rejects(callPutMedia(settings, request, never), { code: 'ERR_INVALID_ENDPOINT' })
        }
        assert.deepEqual(names, ['PUT_MEDIA', 'PUT_MEDIA'])
      },
    )
  })

  it('leaves nothing behind, at whatever moment before the answer it is aborted', async () => {
    const silent: RequestListener = request => request.on('error', () => {})
    const left: unknown[] = []
    await withRawServer(silent, async url => {
      for (let turns = 0; turns < 5; turns++) {
        const controller = new AbortController()
        const request = requestOf()
        const call = callPutMedia(settingsFor(url, { endpoint: url }), request, controller)
        request.media.write('media')
        for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve))
        controller.abort()
        await assert.rejects(call, { code: 'ERR_ABORTED' })
        left.push(getEventListeners(controller.signal, 'abort').length)
      }
    })
    assert.deepEqual(left, [0, 0, 0, 0, 0])
  })
})
