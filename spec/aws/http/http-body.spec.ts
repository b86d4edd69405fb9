import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get as httpGet, type IncomingMessage } from 'node:http'
import { describe, it } from 'node:test'
import got from 'got'
import { post } from '../../../lib/aws/http/http.ts'
import { assertNoOtherReader } from '../../../lib/aws/http/http-body.ts'
import { systemClock } from '../../../lib/core/clock.ts'
import { withServer } from '../../support/http-server.ts'

/** A response that nobody reads yet. */
async function withMessage(check: (message: IncomingMessage) => void): Promise<void> {
  await withServer(
    (_request, response) => void response.end('media'),
    async ({ url }) => {
      const [message] = (await once(httpGet(url), 'response')) as [IncomingMessage]
      check(message)
      message.destroy()
    },
  )
}

describe('the response that is taken out of got’s hands', () => {
  it('has no other reader', () => withMessage(message => assertNoOtherReader(message)))

  for (const event of ['readable', 'data']) {
    it(`is refused with a ${event} listener that is not ours`, () =>
      withMessage(message => {
        message.on(event, () => {})
        assert.throws(() => assertNoOtherReader(message), new RegExp(`1 "${event}" listener.*version of got`))
      }))
  }

  it('had got’s one listener before, and has none when it is ours', async () => {
    await withServer(
      (_request, response) => void response.end('media'),
      async ({ url }) => {
        const stream = got.stream.post(url, { body: '{}', retry: { limit: 0 }, decompress: false })
        const [message] = (await once(stream, 'response')) as [IncomingMessage]
        assert.deepEqual([message.listenerCount('readable'), message.listenerCount('data')], [1, 0])
        stream.destroy()
      },
    )
  })

  it('gives every byte once', async () => {
    await withServer(
      (_request, response) => void response.end('media'),
      async ({ url }) => {
        const answer = await post(
          { url, headers: {}, body: '{}' },
          { operation: 'GetMedia', connectTimeoutMs: 10_000, responseTimeoutMs: 10_000, clock: systemClock },
        )
        const chunks: Buffer[] = []
        await new Promise<void>((resolve, reject) => {
          answer.body.read({ onChunk: chunk => chunks.push(chunk), onEnd: resolve, onError: reject })
        })
        assert.equal(String(Buffer.concat(chunks)), 'media')
      },
    )
  })

  it('ends the call with an error where got has left a listener of its own', async context => {
    const { removeAllListeners } = (await import('node:http')).IncomingMessage.prototype
    context.mock.method(
      (await import('node:http')).IncomingMessage.prototype,
      'removeAllListeners',
      function keepsReadable(this: IncomingMessage, event?: string) {
        return event === 'readable' ? this : removeAllListeners.call(this, event)
      },
    )
    await withServer(
      (_request, response) => void response.end('media'),
      async ({ url }) => {
        const call = post(
          { url, headers: {}, body: '{}' },
          { operation: 'GetMedia', connectTimeoutMs: 10_000, responseTimeoutMs: 10_000, clock: systemClock },
        )
        await assert.rejects(call, /1 "readable" listener/)
      },
    )
  })
})
