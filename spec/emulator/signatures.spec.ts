import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { DescribeStreamCommand, KinesisVideoClient } from '@aws-sdk/client-kinesis-video'
import { SignatureV4 } from '@smithy/signature-v4'
import aws4 from 'aws4'
import { OptionError } from '../../lib/core/errors.ts'
import { type Emulator, type EmulatorOptions, startEmulator } from '../../lib/emulator/index.ts'
import { readAll } from './clients.ts'

const BODY = JSON.stringify({ StreamName: 'door' })
const TEMPORARY = {
  accessKeyId: 'ASIATEMP',
  secretAccessKey: 'temporary/secret+key',
  sessionToken: 'a+token/=',
}

type Signed = { path?: string | undefined; headers?: object | undefined; body?: string | undefined }

async function withDoor(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator({ limits: 'off', ...options })
  await emulator.addStream({ name: 'door' })
  return emulator
}

/** Signs DescribeStream with aws4, whatever is given changed. */
function signWithAws4(
  emulator: Emulator,
  changes: object = {},
  keys: aws4.Credentials = { accessKeyId: 'test', secretAccessKey: 'test' },
): Signed {
  const { path, headers } = aws4.sign(
    {
      method: 'POST',
      host: new URL(emulator.url).host,
      path: '/describeStream',
      service: 'kinesisvideo',
      region: 'us-east-1',
      headers: { 'Content-Type': 'application/json' },
      body: BODY,
      ...changes,
    },
    keys,
  )
  return { path: String(path), headers: headers ?? {} }
}

/** Sends what was signed, and gives the status and the error's name. */
async function send(emulator: Emulator, signed: Signed): Promise<[number, string | undefined]> {
  const outgoing = request(emulator.url + (signed.path ?? '/describeStream'), {
    method: 'POST',
    headers: signed.headers as Record<string, string>,
    agent: false,
  })
  outgoing.end(signed.body ?? BODY)
  const [answer] = await once(outgoing, 'response')
  await readAll(answer)
  return [answer.statusCode, answer.headers['x-amzn-errortype']]
}

/** Signs as the JavaScript SDK does, by its own signer. */
function smithy(keys: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }) {
  return new SignatureV4({
    service: 'kinesisvideo',
    region: 'us-east-1',
    credentials: keys,
    sha256: Sha256,
    applyChecksum: true,
  })
}

function smithyRequest(emulator: Emulator, headers: Record<string, string> = {}) {
  const { host, hostname, port } = new URL(emulator.url)
  return {
    method: 'POST',
    protocol: 'http:',
    hostname,
    port: Number(port),
    path: '/describeStream',
    query: {},
    headers: { host, 'content-type': 'application/json', ...headers },
    body: BODY,
  }
}

/** What the signer takes for a hash: SHA-256, keyed or not. */
class Sha256 {
  readonly #hash
  constructor(key?: unknown) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key as Uint8Array)
  }
  update(data: unknown): void {
    this.#hash.update(data as Uint8Array)
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {}
}

/** A date so many milliseconds from now, in the form that is signed. */
function amzDate(fromNowMs: number): string {
  return new Date(Date.now() + fromNowMs).toISOString().replace(/[:-]|\.\d{3}/g, '')
}

const OK: [number, undefined] = [200, undefined]

describe('a signed request', () => {
  it('passes from the official client, with long-term keys and with temporary ones', async () => {
    await using emulator = await withDoor({
      credentials: [{ accessKeyId: 'AKIDOWN', secretAccessKey: 'own' }, TEMPORARY],
    })
    const keys: (string | undefined)[] = []
    for (const credentials of [{ accessKeyId: 'AKIDOWN', secretAccessKey: 'own' }, TEMPORARY]) {
      const client = new KinesisVideoClient({ endpoint: emulator.url, region: 'us-east-1', credentials })
      await client.send(new DescribeStreamCommand({ StreamName: 'door' }))
      keys.push(emulator.requests.at(-1)!.accessKeyId)
    }
    assert.deepEqual(keys, ['AKIDOWN', 'ASIATEMP'])
  })

  it('passes from aws4, in the headers and in the query', async () => {
    await using emulator = await withDoor({ credentials: [TEMPORARY] })
    const answers = [
      await send(emulator, signWithAws4(emulator, {}, TEMPORARY)),
      await send(emulator, signWithAws4(emulator, { signQuery: true }, TEMPORARY)),
      await send(
        emulator,
        signWithAws4(
          emulator,
          { signQuery: true, path: '/describeStream?X-Amz-Expires=60&b=2&a=%2F+x&b=1' },
          TEMPORARY,
        ),
      ),
    ]
    assert.deepEqual(answers, [OK, OK, OK])
  })

  it('passes from the signer of the SDK, in the headers and presigned', async () => {
    await using emulator = await withDoor({ credentials: [TEMPORARY] })
    const signer = smithy(TEMPORARY)
    const presigned = await signer.presign(smithyRequest(emulator), { expiresIn: 60 })
    const query = new URLSearchParams(presigned.query as Record<string, string>)
    const answers = [
      await send(emulator, await signer.sign(smithyRequest(emulator))),
      await send(emulator, { ...presigned, path: `${presigned.path}?${query}` }),
    ]
    assert.deepEqual(answers, [OK, OK])
  })

  it('passes with values of headers that have spaces, and headers that come twice', async () => {
    await using emulator = await withDoor()
    const headers = { 'x-note': '  two   words ', 'x-list': 'a,b' }
    const { headers: signed } = await smithy({ accessKeyId: 'test', secretAccessKey: 'test' }).sign(
      smithyRequest(emulator, headers),
    )
    assert.deepEqual(await send(emulator, { headers: { ...signed, 'x-list': ['a', 'b'] } }), OK)
  })

  it('passes without the hash of its body in a header, with it, and with word that it has none', async () => {
    await using emulator = await withDoor()
    const hash = createHash('sha256').update(BODY).digest('hex')
    const answers: unknown[] = []
    for (const headers of [
      {},
      { 'X-Amz-Content-Sha256': hash },
      { 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' },
    ]) {
      answers.push(await send(emulator, signWithAws4(emulator, { headers })))
    }
    assert.deepEqual(answers, [OK, OK, OK])
  })

  it('passes with any body where the payload is unsigned', async () => {
    await using emulator = await withDoor()
    const signed = signWithAws4(emulator, {
      headers: { 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' },
      extraHeadersToIgnore: { 'content-length': true },
    })
    const body = JSON.stringify({ StreamARN: emulator.stream('door').arn })
    const headers = { ...signed.headers, 'Content-Length': String(body.length) }
    assert.deepEqual(await send(emulator, { ...signed, headers, body }), OK)
  })

  it('passes when it is dated up to a quarter of an hour off', async () => {
    await using emulator = await withDoor()
    const answers: unknown[] = []
    for (const offMs of [-14 * 60_000, 14 * 60_000]) {
      answers.push(
        await send(emulator, signWithAws4(emulator, { headers: { 'X-Amz-Date': amzDate(offMs) } })),
      )
    }
    assert.deepEqual(answers, [OK, OK])
  })

  it('sets the clock of the official client right where that is wrong', async () => {
    await using emulator = await withDoor({ clockSkewMs: 3_600_000 })
    const client = new KinesisVideoClient({
      endpoint: emulator.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    })
    await client.send(new DescribeStreamCommand({ StreamName: 'door' }))
    assert.deepEqual(
      emulator.requests.map(({ statusCode, errorType }) => [statusCode, errorType]),
      [[400, 'RequestExpired'], OK],
    )
  })
})

describe('a request is refused', () => {
  const keys = { accessKeyId: 'test', secretAccessKey: 'test' }
  const cases: [what: string, sign: (emulator: Emulator) => Signed, answer: [number, string]][] = [
    ['that is not signed', () => ({}), [403, 'MissingAuthenticationToken']],
    [
      'whose signature is another scheme',
      () => ({ headers: { Authorization: 'Bearer abc' } }),
      [400, 'IncompleteSignature'],
    ],
    [
      'whose signature lacks its headers',
      () => ({ headers: { Authorization: 'AWS4-HMAC-SHA256 Credential=a/b/c/d/e, Signature=00' } }),
      [400, 'IncompleteSignature'],
    ],
    [
      'whose credential lacks its scope',
      emulator => changed(signWithAws4(emulator), /Credential=[^,]+/, 'Credential=test/20260101'),
      [400, 'IncompleteSignature'],
    ],
    [
      'that has no date',
      emulator => without(signWithAws4(emulator), 'X-Amz-Date'),
      [400, 'IncompleteSignature'],
    ],
    [
      'whose date is in another form',
      emulator => signWithAws4(emulator, { headers: { 'X-Amz-Date': '2026-01-01' } }),
      [400, 'IncompleteSignature'],
    ],
    [
      'that is signed in its headers and in its query',
      emulator => ({ ...signWithAws4(emulator), path: signWithAws4(emulator, { signQuery: true }).path }),
      [400, 'IncompleteSignature'],
    ],
    [
      'whose query is no encoding',
      emulator => ({ ...signWithAws4(emulator), path: '/describeStream?a=%zz' }),
      [400, 'IncompleteSignature'],
    ],
    [
      'whose URL would live for more than seven days',
      emulator => signWithAws4(emulator, { signQuery: true, path: '/describeStream?X-Amz-Expires=604801' }),
      [400, 'IncompleteSignature'],
    ],
    [
      'of a key that is unknown',
      emulator => signWithAws4(emulator, {}, { ...keys, accessKeyId: 'other' }),
      [403, 'InvalidClientTokenId'],
    ],
    [
      'with a session token of keys that have none',
      emulator => signWithAws4(emulator, {}, { ...keys, sessionToken: 'x' }),
      [403, 'InvalidClientTokenId'],
    ],
    [
      'without the session token of temporary keys',
      emulator =>
        signWithAws4(emulator, {}, { accessKeyId: 'ASIATEMP', secretAccessKey: TEMPORARY.secretAccessKey }),
      [403, 'InvalidClientTokenId'],
    ],
    [
      'with another session token',
      emulator => signWithAws4(emulator, {}, { ...TEMPORARY, sessionToken: 'other' }),
      [403, 'InvalidClientTokenId'],
    ],
    [
      'signed with another secret',
      emulator => signWithAws4(emulator, {}, { ...keys, secretAccessKey: 'tesT' }),
      [403, 'InvalidSignatureException'],
    ],
    [
      'for another region than the one that is served',
      emulator => signWithAws4(emulator, { region: 'us-west-2' }),
      [403, 'InvalidSignatureException'],
    ],
    [
      'for another service',
      emulator => signWithAws4(emulator, { service: 'kinesis' }),
      [403, 'InvalidSignatureException'],
    ],
    [
      'whose scope is of another day',
      emulator => changed(signWithAws4(emulator), /\/\d{8}\//, '/20200101/'),
      [403, 'InvalidSignatureException'],
    ],
    [
      'whose signature is changed by one digit',
      emulator =>
        changed(signWithAws4(emulator), /Signature=(.)/, (_, digit) => `Signature=${digit === '0' ? 1 : 0}`),
      [403, 'InvalidSignatureException'],
    ],
    [
      'whose signature is empty but for a space',
      emulator => changed(signWithAws4(emulator), /Signature=\w+/, 'Signature=x'),
      [403, 'InvalidSignatureException'],
    ],
    [
      'whose body is another one',
      emulator => ({ ...signWithAws4(emulator), body: BODY.replace('door', 'gate') }),
      [403, 'InvalidSignatureException'],
    ],
    [
      'whose body is another one than its hash says',
      emulator =>
        signWithAws4(emulator, { headers: { 'X-Amz-Content-Sha256': createHash('sha256').digest('hex') } }),
      [403, 'InvalidSignatureException'],
    ],
    [
      'that was sent to another path',
      emulator => ({ ...signWithAws4(emulator), path: '/listTagsForStream' }),
      [403, 'InvalidSignatureException'],
    ],
    [
      'that has another query',
      emulator => ({ ...signWithAws4(emulator), path: '/describeStream?a=b' }),
      [403, 'InvalidSignatureException'],
    ],
    [
      'whose host is not signed',
      emulator => changed(signWithAws4(emulator), /SignedHeaders=[^,]+/, 'SignedHeaders=x-amz-date'),
      [403, 'InvalidSignatureException'],
    ],
    [
      'dated more than a quarter of an hour back',
      emulator => signWithAws4(emulator, { headers: { 'X-Amz-Date': amzDate(-16 * 60_000) } }),
      [400, 'RequestExpired'],
    ],
    [
      'dated more than a quarter of an hour ahead',
      emulator => signWithAws4(emulator, { headers: { 'X-Amz-Date': amzDate(16 * 60_000) } }),
      [400, 'RequestExpired'],
    ],
    [
      'whose URL has expired',
      emulator =>
        signWithAws4(emulator, {
          signQuery: true,
          path: `/describeStream?X-Amz-Expires=10&X-Amz-Date=${amzDate(-60_000)}`,
        }),
      [400, 'RequestExpired'],
    ],
  ]
  for (const [what, sign, answer] of cases) {
    it(`${what}: ${answer[1]}`, async () => {
      await using emulator = await withDoor({ credentials: [keys, TEMPORARY], region: 'us-east-1' })
      assert.deepEqual(await send(emulator, sign(emulator)), answer)
      assert.equal(emulator.requests[0]!.accessKeyId, undefined)
    })
  }

  it('without a word of a secret, a token or a signature', async () => {
    await using emulator = await withDoor({ credentials: [TEMPORARY] })
    for (const [, sign] of cases) await send(emulator, sign(emulator))
    await send(emulator, signWithAws4(emulator, { region: 'x' }, TEMPORARY))
    await send(emulator, signWithAws4(emulator, {}, { ...TEMPORARY, secretAccessKey: 'wrong' }))
    const told = JSON.stringify(emulator.requests) + inspect(emulator, { depth: 20, showHidden: true })
    for (const secret of [TEMPORARY.secretAccessKey, TEMPORARY.sessionToken, 'AWS4-HMAC']) {
      assert.ok(!told.includes(secret), secret)
    }
  })

  it('before its body is looked at', async () => {
    await using emulator = await withDoor()
    assert.deepEqual(await send(emulator, { body: '{' }), [403, 'MissingAuthenticationToken'])
  })
})

describe('the settings of signatures', () => {
  it('take any request where signatures are ignored', async () => {
    await using emulator = await withDoor({ signatures: 'ignore' })
    const answers = [
      await send(emulator, {}),
      await send(emulator, { headers: { Authorization: 'nonsense' } }),
      await send(emulator, { path: '/describeStream?a=%zz' }),
    ]
    assert.deepEqual(answers, [OK, OK, OK])
  })

  it('are refused where they are wrong, and the secret is not told', async () => {
    const wrong = [
      { signatures: 'off' },
      { credentials: { accessKeyId: 'a', secretAccessKey: 's3cret' } },
      { credentials: [{ accessKeyId: '', secretAccessKey: 's3cret' }] },
      { credentials: [{ accessKeyId: 'a', secretAccessKey: ['s3cret'] }] },
      { credentials: [{ accessKeyId: 'a', secretAccessKey: 's3cret', sessionToken: '' }] },
      { credentials: [{ accessKeyId: 'a', secretAccessKey: 's3cret', deny: 'GetMedia' }] },
      { clockSkewMs: Number.POSITIVE_INFINITY },
    ]
    for (const options of wrong) {
      await assert.rejects(startEmulator(options as never), (error: Error) => {
        assert.ok(error instanceof OptionError && !error.message.includes('s3cret'), error.message)
        return true
      })
    }
  })
})

/** The signed request with a part of its Authorization header changed. */
function changed(signed: Signed, part: RegExp, to: string | ((...match: string[]) => string)): Signed {
  const headers = signed.headers as Record<string, string>
  return {
    ...signed,
    headers: { ...headers, Authorization: headers.Authorization!.replace(part, to as string) },
  }
}

function without(signed: Signed, header: string): Signed {
  const { [header]: _, ...headers } = signed.headers as Record<string, string>
  return { ...signed, headers }
}
