import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamCommand,
  GetDataEndpointCommand,
  KinesisVideoClient,
  ListStreamsCommand,
} from '@aws-sdk/client-kinesis-video'
import { KinesisVideoMediaClient } from '@aws-sdk/client-kinesis-video-media'
import aws4 from 'aws4'
import { type Emulator, type EmulatorOptions, startEmulator } from '../../lib/emulator/index.ts'
import { LmdbStorage } from '../../lib/emulator/storage/lmdb-storage.ts'
import { producerMedia } from '../support/producer-media.ts'
import { RawProducer } from '../support/raw-producer.ts'
import { framesIn, openMedia, readAll, recording } from './clients.ts'

const config = (emulator: Emulator, region: string) => ({
  ...{ endpoint: emulator.url, region, maxAttempts: 1 },
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
})
const control = (emulator: Emulator, region: string) => new KinesisVideoClient(config(emulator, region))
const media = (emulator: Emulator, region: string) => new KinesisVideoMediaClient(config(emulator, region))

const start = (options: EmulatorOptions = {}) => startEmulator({ limits: 'off', idleEndMs: 0, ...options })

async function namesIn(emulator: Emulator, region: string): Promise<(string | undefined)[]> {
  const { StreamInfoList } = await control(emulator, region).send(new ListStreamsCommand({}))
  return StreamInfoList!.map(info => info.StreamName)
}

async function framesFrom(emulator: Emulator, region: string): Promise<number> {
  return framesIn(await readAll(await openMedia(media(emulator, region)))).length
}

/** A directory for one spec. */
async function withDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'getmedia-regions-'))
  try {
    await use(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

describe('every region', () => {
  it('is served as started, and has the streams that are added without a region', async () => {
    await using emulator = await start()
    await emulator.addStream({ name: 'door', source: recording(2) })
    const arns = ['us-west-2', 'eu-central-1', 'local', 'cn-north-1', 'us-gov-west-1'].map(async region => {
      assert.equal(await framesFrom(emulator, region), 6)
      const described = await control(emulator, region).send(
        new DescribeStreamCommand({ StreamName: 'door' }),
      )
      const { StreamARN, KmsKeyId } = described.StreamInfo!
      const again = await control(emulator, region).send(new DescribeStreamCommand({ StreamARN }))
      assert.equal(again.StreamInfo!.StreamName, 'door')
      assert.equal(emulator.requests.at(-1)!.region, region)
      return [StreamARN!.split('/stream')[0]!.split(':').slice(0, 4).join(':'), KmsKeyId!.split(':')[3]]
    })
    const seen: unknown[] = []
    for (const arn of arns) seen.push(await arn.catch(error => error))
    assert.deepEqual(seen, [
      ['arn:aws:kinesisvideo:us-west-2', 'us-west-2'],
      ['arn:aws:kinesisvideo:eu-central-1', 'eu-central-1'],
      ['arn:aws:kinesisvideo:local', 'local'],
      ['arn:aws-cn:kinesisvideo:cn-north-1', 'cn-north-1'],
      ['arn:aws-us-gov:kinesisvideo:us-gov-west-1', 'us-gov-west-1'],
    ])
  })

  it('has streams of its own, of the same name as another region’s', async () => {
    await using emulator = await start()
    const [west, east] = [control(emulator, 'us-west-2'), control(emulator, 'us-east-1')]
    const { StreamARN: westARN } = await west.send(new CreateStreamCommand({ StreamName: 'door' }))
    assert.deepEqual(await namesIn(emulator, 'us-east-1'), [])
    await assert.rejects(east.send(new DescribeStreamCommand({ StreamName: 'door' })), {
      name: 'ResourceNotFoundException',
    })
    const { StreamARN: eastARN } = await east.send(new CreateStreamCommand({ StreamName: 'door' }))
    assert.match(westARN!, /^arn:aws:kinesisvideo:us-west-2:/)
    assert.match(eastARN!, /^arn:aws:kinesisvideo:us-east-1:/)
    await emulator.stream('us-west-2/door').load(recording(3))
    assert.deepEqual(
      [await framesFrom(emulator, 'us-west-2'), await framesFrom(emulator, 'us-east-1')],
      [9, 0],
    )
    await east.send(new DeleteStreamCommand({ StreamARN: eastARN }))
    assert.deepEqual(
      [await namesIn(emulator, 'us-east-1'), await namesIn(emulator, 'us-west-2')],
      [[], ['door']],
    )
  })

  it('finds no stream by the ARN of another region, and changes none', async () => {
    await using emulator = await start()
    const stream = await emulator.addStream({ name: 'door' })
    const west = control(emulator, 'us-west-2')
    assert.match(stream.arn, /:us-east-1:/)
    const refused = { name: 'ResourceNotFoundException', message: /is not found in us-west-2/ }
    const reference = { StreamARN: stream.arn }
    await assert.rejects(west.send(new DescribeStreamCommand(reference)), refused)
    await assert.rejects(west.send(new DeleteStreamCommand(reference)), refused)
    const arn = stream.arnIn('us-west-2')
    await west.send(new GetDataEndpointCommand({ StreamARN: arn, APIName: 'GET_MEDIA' }))
    assert.equal(emulator.streams.length, 1)
  })

  it('takes what a producer in it sends', async () => {
    await using emulator = await start()
    await control(emulator, 'ap-south-1').send(
      new CreateStreamCommand({ StreamName: 'door', DataRetentionInHours: 1 }),
    )
    const producer = await RawProducer.connect({ url: emulator.url, region: 'ap-south-1' })
    producer.send(producerMedia({ fragments: 2 }).bytes)
    await producer.until('PERSISTED')
    producer.destroy()
    assert.equal(emulator.stream('ap-south-1/door').fragments.length >= 1, true)
    const wrong = await RawProducer.connect({ url: emulator.url, region: 'eu-west-1' })
    await wrong.until('ResourceNotFoundException')
    wrong.destroy()
  })

  it('is read off a presigned query, and off signatures that are not checked', async () => {
    for (const signatures of ['check', 'ignore'] as const) {
      await using emulator = await start({ signatures, defaultRegion: 'eu-north-1' })
      const host = new URL(emulator.url).host
      const signed = aws4.sign(
        {
          ...{ method: 'POST', service: 'kinesisvideo', region: 'sa-east-1', host, signQuery: true },
          ...{ path: '/createStream?X-Amz-Expires=60', body: '{"StreamName":"door"}' },
        },
        { accessKeyId: 'test', secretAccessKey: 'test' },
      )
      const init = {
        method: 'POST',
        body: signed.body as string,
        headers: signed.headers as Record<string, string>,
      }
      const answer = await fetch(emulator.url + signed.path, init)
      assert.equal(answer.status, 200)
      assert.equal(emulator.streams[0]!.region, 'sa-east-1')
    }
  })

  it('without a signature is the default one', async () => {
    await using emulator = await start({ signatures: 'ignore', defaultRegion: 'eu-north-1' })
    const init = { method: 'POST', body: '{"StreamName":"door"}' }
    const answer = (await (await fetch(`${emulator.url}/createStream`, init)).json()) as { StreamARN: string }
    assert.match(answer.StreamARN, /^arn:aws:kinesisvideo:eu-north-1:/)
    assert.deepEqual(await namesIn(emulator, 'eu-north-1'), ['door'])
    assert.deepEqual(await namesIn(emulator, 'us-east-1'), [])
  })

  it('has a name that can be one', async () => {
    await using emulator = await start()
    await assert.rejects(namesIn(emulator, 'US-EAST-1'), { name: 'InvalidSignatureException' })
  })

  it('counts calls and streams for itself', async () => {
    await using emulator = await startEmulator({ limits: { streams: 1 } })
    const create = (region: string, StreamName: string) =>
      control(emulator, region).send(new CreateStreamCommand({ StreamName }))
    await create('us-west-2', 'door')
    await assert.rejects(create('us-west-2', 'gate'), { name: 'AccountStreamLimitExceededException' })
    await create('eu-west-1', 'gate')
  })
})

describe('a region that is the only one', () => {
  it('has all streams, and refuses signatures for others', async () => {
    await using emulator = await start({ region: 'us-west-2' })
    const stream = await emulator.addStream({ name: 'door', source: recording(1) })
    assert.match(stream.arn, /:us-west-2:/)
    assert.equal(await framesFrom(emulator, 'us-west-2'), 3)
    await assert.rejects(namesIn(emulator, 'us-east-1'), {
      name: 'InvalidSignatureException',
      message: "Credential should be scoped to a valid region: 'us-west-2'.",
    })
  })

  it('is an option that must be a region, and agree with the others', async () => {
    const wrong = [{ region: 'Oregon' }, { defaultRegion: '' }, { region: 'a-1', defaultRegion: 'b-1' }]
    for (const options of wrong) await assert.rejects(start(options), { code: 'ERR_INVALID_OPTION' })
    await using emulator = await start({ region: 'us-west-2' })
    await assert.rejects(emulator.addStream({ name: 'door', region: 'us-east-1' }), {
      code: 'ERR_INVALID_OPTION',
    })
  })
})

describe('a stream of every region', () => {
  it('is one stream: a name that it has cannot be created in any region', async () => {
    await using emulator = await start()
    await emulator.addStream({ name: 'door' })
    await emulator.addStream({ name: 'gate', region: 'us-west-2' })
    const create = control(emulator, 'eu-west-1').send(new CreateStreamCommand({ StreamName: 'door' }))
    await assert.rejects(create, { name: 'ResourceInUseException' })
    await assert.rejects(emulator.addStream({ name: 'door', region: 'us-west-2' }), /there is a stream door/)
    await assert.rejects(emulator.addStream({ name: 'gate' }), /there is a stream us-west-2\/gate/)
    await emulator.addStream({ name: 'gate', region: 'eu-west-1' })
    assert.deepEqual(
      emulator.streams.map(stream => stream.label),
      ['door', 'eu-west-1/gate', 'us-west-2/gate'],
    )
    assert.deepEqual(await namesIn(emulator, 'us-west-2'), ['door', 'gate'])
    assert.deepEqual(await namesIn(emulator, 'us-west-1'), ['door'])
    assert.throws(
      () => emulator.stream('gate'),
      /which region's stream is meant: eu-west-1\/gate, us-west-2\/gate/,
    )
    assert.equal(emulator.stream('door').region, undefined)
  })
})

describe('faults and regions', () => {
  it('a plan for a region strikes there only, and comes before the plan for the name', async () => {
    await using emulator = await start()
    await emulator.addStream({ name: 'door', source: recording(1) })
    emulator.faults('door', [{ type: 'end', atByte: 7 }])
    emulator.faults('us-west-2/door', [{ type: 'end', atByte: 5 }])
    assert.deepEqual([emulator.pendingFaults('door'), emulator.pendingFaults('eu-west-1/door')], [2, 1])
    const bytes = async (region: string) => (await readAll(await openMedia(media(emulator, region)))).length
    assert.deepEqual([await bytes('us-west-2'), await bytes('us-west-2')], [5, 7])
    emulator.faults('us-west-2/door', [{ type: 'end', atByte: 5 }])
    assert.ok((await bytes('eu-west-1')) > 7)
    emulator.clearFaults('door')
    assert.equal(emulator.pendingFaults('us-west-2/door'), 0)
  })

  it('the admin API plans for REGION/NAME', async () => {
    await using emulator = await start()
    await emulator.addStream({ name: 'door', region: 'us-west-2' })
    const plan = async (label: string, body: unknown) => {
      const url = `${emulator.url}/_emulator/streams/${label}/faults`
      const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) })
      return [answer.status, (await answer.json()) as Record<string, unknown>] as const
    }
    const put = { type: 'error-ack', errorId: 5000 }
    assert.deepEqual(await plan('us-west-2/door', [put]), [200, { pendingFaults: 1 }])
    assert.deepEqual(await plan('us-west-2%2Fdoor', { faults: [put] }), [200, { pendingFaults: 2 }])
    assert.equal((await plan('eu-west-1/door', [put]))[0], 404)
    assert.equal((await plan('%E0%A4%A', [put]))[0], 404)
    const random = [
      { seed: 1, operation: 'PutMedia' },
      { seed: 2, operation: 'GetMedia' },
    ]
    assert.equal((await plan('door', { random }))[0], 200)
    for (const body of [{ random: null }, { random: { seed: 'x' } }, { faults: {} }, {}, 3]) {
      assert.equal((await plan('door', body))[0], 400, JSON.stringify(body))
    }
    const streams = await (await fetch(`${emulator.url}/_emulator/streams`)).json()
    assert.deepEqual(
      (streams as Record<string, unknown>[]).map(({ name, region }) => [name, region]),
      [['door', 'us-west-2']],
    )
  })
})

describe('a data directory', () => {
  it('keeps regions apart, and what every region has', () =>
    withDirectory(async dataDirectory => {
      {
        await using emulator = await start({ dataDirectory })
        await emulator.addStream({ name: 'door', source: recording(1) })
        await emulator.addStream({ name: 'gate', region: 'us-west-2', source: recording(2) })
        await emulator.addStream({ name: 'gate', region: 'eu-west-1', source: recording(3) })
      }
      await using emulator = await start({ dataDirectory })
      assert.deepEqual(
        emulator.streams.map(({ label, fragments }) => [label, fragments.length]),
        [
          ['door', 1],
          ['eu-west-1/gate', 3],
          ['us-west-2/gate', 2],
        ],
      )
      assert.equal(await framesFrom(emulator, 'ap-east-1'), 3)
    }))

  it('of an earlier version opens, its streams in the region of their ARNs', () =>
    withDirectory(async dataDirectory => {
      const storage = await LmdbStorage.open(dataDirectory)
      const arn = 'arn:aws:kinesisvideo:eu-west-1:123456789012:stream/old/1700000000000'
      const description = {
        ...{ name: 'old', arn, createdMs: 1_700_000_000_000, version: 'A'.repeat(20), tags: {} },
        ...{ deviceName: undefined, mediaType: 'video/h264', kmsKeyId: 'key', dataRetentionInHours: 24 },
        storageTier: 'HOT' as const,
      }
      storage.create({ description, reservedSequence: '0' })
      await storage.close()
      await using emulator = await start({ dataDirectory })
      assert.deepEqual(
        [await namesIn(emulator, 'eu-west-1'), await namesIn(emulator, 'us-east-1')],
        [['old'], []],
      )
      assert.equal(emulator.stream('old').arn, arn)
    }))
})
