import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  CreateStreamCommand,
  type CreateStreamCommandInput,
  DeleteStreamCommand,
  DescribeStreamCommand,
  DescribeStreamStorageConfigurationCommand,
  GetDataEndpointCommand,
  type KinesisVideoClient,
  ListStreamsCommand,
  ListTagsForResourceCommand,
  ListTagsForStreamCommand,
  TagResourceCommand,
  TagStreamCommand,
  UntagResourceCommand,
  UntagStreamCommand,
  UpdateDataRetentionCommand,
  type UpdateDataRetentionOperation,
  UpdateStreamCommand,
  UpdateStreamStorageConfigurationCommand,
} from '@aws-sdk/client-kinesis-video'
import { type Emulator, startEmulator } from '../../lib/emulator/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { controlClient, framesIn, mediaClient, openMedia, readAll, recording } from './clients.ts'

/** The calls of one SDK client, and what they tell. */
function callsOf(client: KinesisVideoClient) {
  const describeStream = async (StreamName: string) =>
    (await client.send(new DescribeStreamCommand({ StreamName }))).StreamInfo!
  return {
    describeStream,
    create: async (StreamName: string, more: Partial<CreateStreamCommandInput> = {}) =>
      (await client.send(new CreateStreamCommand({ StreamName, ...more }))).StreamARN!,
    version: async (StreamName: string) => (await describeStream(StreamName)).Version,
    tags: async (StreamName: string) =>
      (await client.send(new ListTagsForStreamCommand({ StreamName }))).Tags,
    names: async () =>
      (await client.send(new ListStreamsCommand({}))).StreamInfoList!.map(info => info.StreamName),
  }
}

describe('the control operations of the official client', () => {
  let emulator: Emulator
  let client: KinesisVideoClient
  let calls: ReturnType<typeof callsOf>

  before(async () => {
    emulator = await startEmulator({ limits: 'off', idleEndMs: 0 })
    client = controlClient(emulator)
    calls = callsOf(client)
  })
  after(() => emulator.close())

  it('create a stream with all that can be said of it', async () => {
    const arn = await calls.create('full', {
      DeviceName: 'camera-1',
      MediaType: 'video/h264,audio/aac',
      KmsKeyId: 'alias/own',
      DataRetentionInHours: 24,
      Tags: { place: 'Tür 1', empty: '' },
      StreamStorageConfiguration: { DefaultStorageTier: 'WARM' },
    })
    const { CreationTime, Version, ...info } = await calls.describeStream('full')
    assert.match(arn, /^arn:aws:kinesisvideo:us-east-1:123456789012:stream\/full\/[0-9]+$/)
    assert.ok(arn.endsWith(`/${CreationTime!.getTime()}`))
    assert.match(Version!, /^[a-zA-Z0-9]{20}$/)
    assert.deepEqual(info, {
      DeviceName: 'camera-1',
      StreamName: 'full',
      StreamARN: arn,
      MediaType: 'video/h264,audio/aac',
      KmsKeyId: 'alias/own',
      Status: 'ACTIVE',
      DataRetentionInHours: 24,
    })
    assert.deepEqual(await calls.tags('full'), { place: 'Tür 1', empty: '' })
  })

  it('create a stream that retains nothing where nothing else is said', async () => {
    await calls.create('bare')
    const info = await calls.describeStream('bare')
    assert.equal(info.DataRetentionInHours, 0)
    assert.equal(info.DeviceName, undefined)
    assert.equal(info.MediaType, undefined)
    assert.equal(info.KmsKeyId, 'arn:aws:kms:us-east-1:123456789012:alias/aws/kinesisvideo')
    const body = await readAll(await openMedia(mediaClient(emulator), { StartSelectorType: 'NOW' }, 'bare'))
    assert.equal(body.length, 0)
  })

  it('create a stream that takes media as any other', async () => {
    await calls.create('fed', { DataRetentionInHours: 1 })
    emulator.stream('fed').append(recording(1))
    const body = await readAll(
      await openMedia(mediaClient(emulator), { StartSelectorType: 'EARLIEST' }, 'fed'),
    )
    assert.equal(framesIn(body).length, 3)
  })

  it('update a stream by name and by ARN, with a new version each time', async () => {
    const StreamARN = await calls.create('updated', { DeviceName: 'old', MediaType: 'video/h264' })
    const versions = [await calls.version('updated')]
    for (const change of [{ DeviceName: 'new' }, { MediaType: 'audio/aac' }, {}]) {
      const id = versions.length === 1 ? { StreamName: 'updated' } : { StreamARN }
      await client.send(new UpdateStreamCommand({ ...id, CurrentVersion: versions.at(-1), ...change }))
      versions.push(await calls.version('updated'))
    }
    const info = await calls.describeStream('updated')
    assert.deepEqual([info.DeviceName, info.MediaType], ['new', 'audio/aac'])
    assert.equal(new Set(versions).size, 4)
  })

  it('raise and lower the retention, from 0 to ten years', async () => {
    await calls.create('kept')
    const change = async (Operation: UpdateDataRetentionOperation, DataRetentionChangeInHours: number) => {
      const CurrentVersion = await calls.version('kept')
      await client.send(
        new UpdateDataRetentionCommand({
          StreamName: 'kept',
          CurrentVersion,
          Operation,
          DataRetentionChangeInHours,
        }),
      )
      return (await calls.describeStream('kept')).DataRetentionInHours
    }
    const hours = [
      await change('INCREASE_DATA_RETENTION', 24),
      await change('INCREASE_DATA_RETENTION', 87_576),
      await change('DECREASE_DATA_RETENTION', 87_599),
      await change('DECREASE_DATA_RETENTION', 1),
    ]
    assert.deepEqual(hours, [24, 87_600, 1, 0])
    assert.equal(emulator.stream('kept').dataRetentionInHours, 0)
  })

  it('tag a stream, give a tag another value, and take tags away', async () => {
    const StreamARN = await calls.create('tagged')
    await client.send(new TagStreamCommand({ StreamName: 'tagged', Tags: { a: '1', b: '2' } }))
    await client.send(
      new TagStreamCommand({ StreamARN, Tags: { b: '3', __proto__x: 'x', ['__proto__']: 'y' } }),
    )
    const added = await calls.tags('tagged')
    await client.send(new UntagStreamCommand({ StreamName: 'tagged', TagKeyList: ['a', 'absent'] }))
    await client.send(new UntagStreamCommand({ StreamARN, TagKeyList: ['__proto__', '__proto__x'] }))
    assert.deepEqual(Object.entries(added!).sort(), [
      ['__proto__', 'y'],
      ['__proto__x', 'x'],
      ['a', '1'],
      ['b', '3'],
    ])
    assert.deepEqual(await calls.tags('tagged'), { b: '3' })
  })

  it('tag a stream as a resource', async () => {
    const ResourceARN = await calls.create('resource')
    await client.send(
      new TagResourceCommand({
        ResourceARN,
        Tags: [
          { Key: 'a', Value: '1' },
          { Key: 'b', Value: '' },
        ],
      }),
    )
    const listed = await client.send(new ListTagsForResourceCommand({ ResourceARN }))
    await client.send(new UntagResourceCommand({ ResourceARN, TagKeyList: ['b'] }))
    assert.deepEqual(listed.Tags, { a: '1', b: '' })
    assert.deepEqual(await calls.tags('resource'), { a: '1' })
  })

  it('keep fifty tags, and leave the version as it is', async () => {
    await calls.create('fifty')
    const version = await calls.version('fifty')
    const Tags = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [`${index}`.padEnd(128, 'ä'), 'ö'.repeat(256)]),
    )
    await client.send(new TagStreamCommand({ StreamName: 'fifty', Tags }))
    assert.deepEqual(await calls.tags('fifty'), Tags)
    assert.equal(await calls.version('fifty'), version)
  })

  it('tell and change the storage tier', async () => {
    const StreamARN = await calls.create('tiered')
    const tier = async () => {
      const answer = await client.send(
        new DescribeStreamStorageConfigurationCommand({ StreamName: 'tiered' }),
      )
      assert.deepEqual([answer.StreamName, answer.StreamARN], ['tiered', StreamARN])
      return answer.StreamStorageConfiguration?.DefaultStorageTier
    }
    const before = await tier()
    await client.send(
      new UpdateStreamStorageConfigurationCommand({
        StreamARN,
        CurrentVersion: await calls.version('tiered'),
        StreamStorageConfiguration: { DefaultStorageTier: 'WARM' },
      }),
    )
    assert.deepEqual([before, await tier()], ['HOT', 'WARM'])
  })

  it('delete a stream, with its version and without, and then know it no longer', async () => {
    const arns = [await calls.create('gone-1'), await calls.create('gone-2')]
    await client.send(
      new DeleteStreamCommand({ StreamARN: arns[0], CurrentVersion: await calls.version('gone-1') }),
    )
    await client.send(new DeleteStreamCommand({ StreamARN: arns[1] }))
    const names = await calls.names()
    assert.ok(!names.includes('gone-1') && !names.includes('gone-2'))
    await assert.rejects(calls.describeStream('gone-1'), { name: 'ResourceNotFoundException' })
  })

  it('create a stream again under its name: another ARN, and none of the old media', async () => {
    const first = await calls.create('again', { DataRetentionInHours: 1 })
    emulator.stream('again').append(recording(2))
    await client.send(new DeleteStreamCommand({ StreamARN: first }))
    const second = await calls.create('again', { DataRetentionInHours: 1 })
    const body = await readAll(
      await openMedia(mediaClient(emulator), { StartSelectorType: 'EARLIEST' }, 'again'),
    )
    assert.notEqual(first, second)
    assert.equal(body.length, 0)
  })

  it('give the endpoint of every API', async () => {
    await calls.create('pointed')
    const endpoints: (string | undefined)[] = []
    for (const APIName of [
      'PUT_MEDIA',
      'GET_MEDIA',
      'LIST_FRAGMENTS',
      'GET_MEDIA_FOR_FRAGMENT_LIST',
      'GET_HLS_STREAMING_SESSION_URL',
      'GET_DASH_STREAMING_SESSION_URL',
      'GET_CLIP',
      'GET_IMAGES',
    ] as const) {
      const answer = await client.send(new GetDataEndpointCommand({ StreamName: 'pointed', APIName }))
      endpoints.push(answer.DataEndpoint)
    }
    assert.deepEqual(endpoints, Array(8).fill(emulator.url))
  })
})

describe('a stream on the way to a new state', () => {
  it('is CREATING, then UPDATING, then DELETING, for as long as is set', async () => {
    const clock = new FakeClock()
    await using emulator = await startEmulator({ limits: 'off', clock, transitionMs: 1000 })
    const client = controlClient(emulator)
    const calls = callsOf(client)
    const statuses: (string | undefined)[] = []
    const note = async () => statuses.push((await calls.describeStream('door')).Status)
    const StreamARN = await calls.create('door')
    await note()
    clock.advance(1000)
    await note()
    await client.send(
      new UpdateStreamCommand({ StreamARN, CurrentVersion: await calls.version('door'), DeviceName: 'x' }),
    )
    await note()
    clock.advance(1000)
    await client.send(new DeleteStreamCommand({ StreamARN }))
    await note()
    const listedWhileDeleting = await calls.names()
    clock.advance(1000)
    assert.deepEqual(statuses, ['CREATING', 'ACTIVE', 'UPDATING', 'DELETING'])
    assert.deepEqual([listedWhileDeleting, await calls.names()], [['door'], []])
  })

  it('is not there for media calls while it is created or deleted, and is while it is updated', async () => {
    const clock = new FakeClock()
    await using emulator = await startEmulator({ limits: 'off', clock, transitionMs: 1000 })
    const client = controlClient(emulator)
    const calls = callsOf(client)
    const outcomes: string[] = []
    const ask = async () => {
      const command = new GetDataEndpointCommand({ StreamName: 'door', APIName: 'GET_MEDIA' })
      outcomes.push(
        await client.send(command).then(
          () => 'found',
          (error: Error) => error.name,
        ),
      )
    }
    const StreamARN = await calls.create('door')
    await ask()
    clock.advance(1000)
    await client.send(new UpdateStreamCommand({ StreamARN, CurrentVersion: await calls.version('door') }))
    await ask()
    clock.advance(1000)
    await client.send(new DeleteStreamCommand({ StreamARN }))
    await ask()
    assert.deepEqual(outcomes, ['ResourceNotFoundException', 'found', 'ResourceNotFoundException'])
  })

  it('can be neither changed, nor deleted, nor created anew', async () => {
    const clock = new FakeClock()
    await using emulator = await startEmulator({ limits: 'off', clock, transitionMs: 1000 })
    const client = controlClient(emulator)
    const calls = callsOf(client)
    const StreamARN = await calls.create('door')
    const CurrentVersion = await calls.version('door')
    const inUse = { name: 'ResourceInUseException' }
    await assert.rejects(client.send(new UpdateStreamCommand({ StreamARN, CurrentVersion })), inUse)
    await assert.rejects(client.send(new DeleteStreamCommand({ StreamARN })), inUse)
    clock.advance(1000)
    await client.send(new DeleteStreamCommand({ StreamARN }))
    await assert.rejects(client.send(new DeleteStreamCommand({ StreamARN })), inUse)
    await assert.rejects(calls.create('door'), inUse)
    clock.advance(1000)
    await calls.create('door')
  })
})
