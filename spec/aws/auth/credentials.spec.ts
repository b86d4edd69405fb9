import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { type Credentials, CredentialsError, credentialsSource } from '../../../lib/aws/auth/credentials.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const KEYS = { accessKeyId: 'AKID', secretAccessKey: 'SECRET' }

/** A provider that numbers what it gives, and notes how it was asked. */
function provider(lifetimeMs: number | undefined, clock: FakeClock) {
  const asked: unknown[] = []
  let failing = false
  return {
    asked,
    failFromNow: () => {
      failing = true
    },
    give(options?: { readonly forceRefresh?: boolean }): Credentials {
      asked.push(options)
      if (failing) throw new Error('the service is away')
      const expiration = lifetimeMs === undefined ? undefined : new Date(clock.wallClockMs() + lifetimeMs)
      return { ...KEYS, accessKeyId: `AKID${asked.length}`, expiration }
    },
  }
}

describe('credentials', () => {
  it('are the object that was given', async () => {
    const source = credentialsSource({ ...KEYS, sessionToken: 'T' }, new FakeClock(), {})
    assert.deepEqual(await source.get(), { ...KEYS, sessionToken: 'T', expiration: undefined })
  })

  it('are the environment’s where none were given, read at each call', async () => {
    const env: Record<string, string> = {
      AWS_ACCESS_KEY_ID: 'A',
      AWS_SECRET_ACCESS_KEY: 'S',
      AWS_SESSION_TOKEN: '',
    }
    const source = credentialsSource(undefined, new FakeClock(), env)
    assert.equal((await source.get()).sessionToken, undefined)
    env.AWS_SESSION_TOKEN = 'T'
    assert.equal((await source.get()).sessionToken, 'T')
  })

  it('that are missing say what to set', async () => {
    const source = credentialsSource(undefined, new FakeClock(), { AWS_ACCESS_KEY_ID: 'A' })
    await assert.rejects(source.get(), {
      code: 'ERR_CREDENTIALS',
      retryable: false,
      message: /^no AWS credentials: AWS_SECRET_ACCESS_KEY is not set; set .*`credentials`/,
    })
  })

  it('with a line break, or that are no object, are refused without being shown', async () => {
    const bad = { accessKeyId: 'A', secretAccessKey: 'SECRET\n' }
    for (const given of [
      bad,
      { ...KEYS, sessionToken: 'SECRET\r\n' },
      { ...KEYS, expiration: 'SECRET' },
      'SECRET',
      null,
    ]) {
      const thrown = await throwsOf(() => credentialsSource(given, new FakeClock(), {}))
      assert.match(inspect(thrown), /ERR_INVALID_OPTION/)
      assert.doesNotMatch(inspect(thrown, { showHidden: true, depth: 10 }), /SECRET/)
    }
    const fromFunction = credentialsSource(() => bad, new FakeClock(), {})
    await assert.rejects(fromFunction.get(), (error: unknown) => {
      return error instanceof CredentialsError && !inspect(error).includes('SECRET')
    })
  })
})

describe('a credentials function', () => {
  it('is asked for each call where its credentials do not expire', async () => {
    const clock = new FakeClock()
    const { give, asked } = provider(undefined, clock)
    const source = credentialsSource(give, clock, {})
    await source.get()
    assert.equal((await source.get()).accessKeyId, 'AKID2')
    assert.equal(asked.length, 2)
  })

  it('is asked again five minutes before the end, and once for callers at the same time', async () => {
    const clock = new FakeClock()
    const { give, asked } = provider(60 * 60_000, clock)
    const sources = [credentialsSource(give, clock, {}), credentialsSource(give, clock, {})]
    await Promise.all(sources.map(source => source.get()))
    clock.advance(54 * 60_000)
    await sources[0]!.get()
    assert.equal(asked.length, 1)
    clock.advance(60_000)
    assert.equal((await sources[1]!.get()).accessKeyId, 'AKID2')
  })

  it('may fail in its last minutes but one: the old ones serve on; then it is an error that may pass', async () => {
    const clock = new FakeClock()
    const { give, failFromNow } = provider(60 * 60_000, clock)
    const source = credentialsSource(give, clock, {})
    await source.get()
    failFromNow()
    clock.advance(57 * 60_000)
    assert.equal((await source.get()).accessKeyId, 'AKID1')
    clock.advance(2 * 60_000)
    await assert.rejects(source.get(), {
      code: 'ERR_CREDENTIALS',
      retryable: true,
      message: /the service is away/,
    })
  })

  it('that never worked is an error for good', async () => {
    const clock = new FakeClock()
    const { give, failFromNow } = provider(undefined, clock)
    failFromNow()
    await assert.rejects(credentialsSource(give, clock, {}).get(), {
      code: 'ERR_CREDENTIALS',
      retryable: false,
    })
    await assert.rejects(credentialsSource(() => undefined, clock, {}).get(), {
      code: 'ERR_CREDENTIALS',
      message: /gave none/,
    })
  })

  it('is asked with forceRefresh after a refusal, by whoever passes the same function', async () => {
    const clock = new FakeClock()
    const { give, asked } = provider(60 * 60_000, clock)
    await credentialsSource(give, clock, {}).get()
    credentialsSource(give, clock, {}).refuse()
    const source = credentialsSource(give, clock, {})
    await source.get()
    await source.get()
    assert.deepEqual(asked, [undefined, { forceRefresh: true }])
  })
})

async function throwsOf(action: () => unknown): Promise<unknown> {
  try {
    action()
  } catch (error) {
    return error
  }
  return undefined
}
