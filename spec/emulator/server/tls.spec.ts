import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { connect } from 'node:tls'
import { GetDataEndpointCommand, KinesisVideoClient } from '@aws-sdk/client-kinesis-video'
import { KinesisVideoMediaClient } from '@aws-sdk/client-kinesis-video-media'
import { type Emulator, type Fault, startEmulator } from '../../../lib/emulator/index.ts'
import { type Certificate, makeCertificate } from '../../support/certificate.ts'
import { producerMedia } from '../../support/producer-media.ts'
import { RawProducer } from '../../support/raw-producer.ts'
import { requires } from '../../support/requirements.ts'
import { framesIn, openMedia, readAll, recording } from '../clients.ts'

const MEDIA = producerMedia({ fragments: 3 })

describe('the service by TLS', requires('openssl'), () => {
  let directory: string
  let certificate: Certificate
  let emulator: Emulator

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'getmedia-tls-'))
    certificate = await makeCertificate(directory)
    const { cert, key } = certificate
    emulator = await startEmulator({ limits: 'off', idleEndMs: 0, tls: { cert, key }, idleConnections: 1 })
    await emulator.addStream({ name: 'door', source: recording(2) })
    await emulator.addStream({ name: 'gate' })
  })
  after(async () => {
    await emulator.close()
    await rm(directory, { recursive: true })
  })

  const config = () => ({
    ...{ endpoint: emulator.url, region: 'us-west-2', maxAttempts: 1 },
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: { httpsAgent: new Agent({ ca: certificate.cert }) },
  })

  it('has an https URL, which GetDataEndpoint answers too', async () => {
    assert.match(emulator.url, /^https:\/\/127\.0\.0\.1:\d+$/)
    const command = new GetDataEndpointCommand({ StreamName: 'door', APIName: 'GET_MEDIA' })
    const { DataEndpoint } = await new KinesisVideoClient(config()).send(command)
    assert.equal(DataEndpoint, emulator.url)
  })

  it('serves the JavaScript SDK, which trusts the certificate', async () => {
    const bytes = await readAll(await openMedia(new KinesisVideoMediaClient(config())))
    assert.equal(framesIn(bytes).length, 6)
  })

  it('is not trusted by a client that does not know the certificate', async () => {
    await assert.rejects(fetch(`${emulator.url}/_emulator/health`))
  })

  for (const [how, args, env] of [
    ['a CA bundle', [], true],
    ['--no-verify-ssl', ['--no-verify-ssl'], false],
  ] as const) {
    it(`serves awscli with ${how}`, requires('aws'), async () => {
      const file = join(directory, 'out.mkv')
      const child = spawn(
        'aws',
        [
          ...['--endpoint-url', emulator.url, ...args, 'kinesis-video-media', 'get-media'],
          ...['--stream-name', 'door', '--start-selector', 'StartSelectorType=EARLIEST', file],
        ],
        {
          env: {
            ...{ PATH: process.env.PATH, HOME: directory, AWS_REGION: 'eu-west-3', AWS_PAGER: '' },
            ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_DEFAULT_REGION: 'eu-west-3' },
            ...(env ? { AWS_CA_BUNDLE: certificate.certPath } : {}),
          },
        },
      )
      const exitCode = await new Promise<number | null>(resolve => child.on('close', resolve))
      assert.equal(exitCode, 0)
      assert.equal(framesIn(await readFile(file)).length, 6)
    })
  }

  const put = async (fault: Fault, first: Buffer, rest: Buffer) => {
    emulator.faults('door', [fault])
    const target = { url: emulator.url, ca: certificate.cert, isAcknowledged: false }
    const producer = await RawProducer.connect(target)
    producer.send(first)
    await producer.until('200 OK')
    producer.send(rest)
    const end = await producer.closed
    const { hasLastChunk } = producer
    producer.destroy()
    return [end, hasLastChunk]
  }

  it('resets and ends PutMedia as planned', async () => {
    const [first, rest] = [MEDIA.bytes.subarray(0, 150), MEDIA.bytes.subarray(150)]
    const place = { operation: 'PutMedia', atByte: 200 } as const
    assert.deepEqual(await put({ type: 'end', ...place }, first, rest), ['fin', true])
    assert.deepEqual(await put({ type: 'no-last-chunk', ...place }, first, rest), ['fin', false])
    assert.deepEqual(await put({ type: 'reset', ...place }, first, rest), ['reset', false])
  })

  it('closes the connection that idles longest, and none with a request', async () => {
    const { hostname: host, port } = new URL(emulator.url)
    const producer = await RawProducer.connect({ url: emulator.url, ca: certificate.cert })
    producer.send(MEDIA.bytes.subarray(0, 150))
    await producer.until('200 OK')
    const idle = Array.from({ length: 3 }, () => connect({ host, port: Number(port), ca: certificate.cert }))
    const closed = idle.slice(0, 2).map(socket => new Promise(resolve => socket.once('close', resolve)))
    for (const socket of idle) socket.on('error', () => {}).resume()
    await Promise.race(closed)
    producer.send(MEDIA.bytes.subarray(150))
    await producer.until('PERSISTED')
    producer.destroy()
    for (const socket of idle) socket.destroy()
  })

  it('wants a certificate and the key that belongs to it, and shows no key', async () => {
    const other = await makeCertificate(directory, 'other')
    const { cert, key } = certificate
    const wrong = [
      { cert },
      { key },
      { cert, key: other.key },
      { cert: 'no PEM', key },
      'cert.pem',
      { cert: '', key },
    ]
    for (const tls of wrong) {
      await assert.rejects(startEmulator({ tls: tls as { cert: string; key: string } }), (error: Error) => {
        assert.equal((error as { code?: string }).code, 'ERR_INVALID_OPTION')
        assert.ok(!error.message.includes('PRIVATE KEY'))
        return true
      })
    }
  })
})
