import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as sdk from '@aws-sdk/client-kinesis-video'
import { startEmulator } from '../../lib/emulator/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { controlClient } from './clients.ts'
import { failureOf } from './failures.ts'

const NOWHERE = 'arn:aws:kinesisvideo:us-east-1:123456789012:stream/nowhere/1700000000000'
const VERSION = 'aVersionOfNoStream'
const INCREASE = 'INCREASE_DATA_RETENTION'

/** One call of each control operation, on a stream that is there, and what it is answered where keys are denied it. */
function callOfEach(StreamARN: string): [operation: string, command: unknown, denial: string][] {
  const StreamName = 'door'
  const denied = 'NotAuthorizedException'
  return [
    ['CreateStream', new sdk.CreateStreamCommand({ StreamName: 'new' }), denied],
    ['DescribeStream', new sdk.DescribeStreamCommand({ StreamName }), denied],
    ['ListStreams', new sdk.ListStreamsCommand({}), denied],
    ['UpdateStream', new sdk.UpdateStreamCommand({ StreamName, CurrentVersion: VERSION }), denied],
    ['DeleteStream', new sdk.DeleteStreamCommand({ StreamARN, CurrentVersion: VERSION }), denied],
    [
      'UpdateDataRetention',
      new sdk.UpdateDataRetentionCommand({
        StreamName,
        CurrentVersion: VERSION,
        Operation: INCREASE,
        DataRetentionChangeInHours: 1,
      }),
      denied,
    ],
    ['GetDataEndpoint', new sdk.GetDataEndpointCommand({ StreamName, APIName: 'GET_MEDIA' }), denied],
    ['TagStream', new sdk.TagStreamCommand({ StreamName, Tags: { a: '' } }), denied],
    ['UntagStream', new sdk.UntagStreamCommand({ StreamName, TagKeyList: ['a'] }), denied],
    ['ListTagsForStream', new sdk.ListTagsForStreamCommand({ StreamName }), denied],
    [
      'TagResource',
      new sdk.TagResourceCommand({ ResourceARN: StreamARN, Tags: [{ Key: 'a', Value: '' }] }),
      'AccessDeniedException',
    ],
    [
      'UntagResource',
      new sdk.UntagResourceCommand({ ResourceARN: StreamARN, TagKeyList: ['a'] }),
      'AccessDeniedException',
    ],
    [
      'ListTagsForResource',
      new sdk.ListTagsForResourceCommand({ ResourceARN: StreamARN }),
      'AccessDeniedException',
    ],
    [
      'DescribeStreamStorageConfiguration',
      new sdk.DescribeStreamStorageConfigurationCommand({ StreamName }),
      'AccessDeniedException',
    ],
    [
      'UpdateStreamStorageConfiguration',
      new sdk.UpdateStreamStorageConfigurationCommand({
        StreamName,
        CurrentVersion: VERSION,
        StreamStorageConfiguration: { DefaultStorageTier: 'HOT' },
      }),
      'AccessDeniedException',
    ],
  ]
}

describe('keys that are denied operations', () => {
  it('are refused each with 401, and may call the others', async () => {
    const deny: string[] = []
    const credentials = [{ accessKeyId: 'test', secretAccessKey: 'test', deny }]
    await using emulator = await startEmulator({ limits: 'off', credentials })
    const { arn } = await emulator.addStream({ name: 'door' })
    const client = controlClient(emulator)
    const answers: [string, string | undefined, number | undefined][] = []
    const expected: typeof answers = []
    for (const [operation, command, denial] of callOfEach(arn)) {
      deny.splice(0, 1, operation)
      const failure = await failureOf(client, command)
      answers.push([operation, failure?.name, failure?.status])
      expected.push([operation, denial, 401])
    }
    assert.deepEqual(answers, expected)
    assert.equal(await failureOf(client, new sdk.DescribeStreamCommand({ StreamName: 'door' })), undefined)
    assert.equal(emulator.requests[0]!.accessKeyId, 'test')
  })

  it('learn first whether the stream is there', async () => {
    const credentials = [{ accessKeyId: 'test', secretAccessKey: 'test', deny: ['*'] }]
    await using emulator = await startEmulator({ credentials })
    const failure = await failureOf(
      controlClient(emulator),
      new sdk.DescribeStreamCommand({ StreamName: 'nowhere' }),
    )
    assert.equal(failure?.name, 'ResourceNotFoundException')
  })
})

describe('the limits of the control operations', () => {
  /** The calls of each operation that pass within one second. */
  const passed = async (limits: object) => {
    await using emulator = await startEmulator({ clock: new FakeClock(), limits })
    const { arn } = await emulator.addStream({ name: 'door' })
    const client = controlClient(emulator)
    const counts: Record<string, number> = {}
    for (const [operation, command] of callOfEach(arn)) {
      counts[operation] = 0
      for (;;) {
        const failure = await failureOf(client, command)
        if (failure?.name === 'ClientLimitExceededException' && failure.isKnown) break
        counts[operation] += 1
      }
    }
    return counts
  }
  const operations = callOfEach(NOWHERE).map(([operation]) => operation)

  it('are the service’s for each stream, and 50 a second where there is no stream', async () => {
    const ofAccount = ['CreateStream', 'ListStreams']
    assert.deepEqual(
      await passed({}),
      Object.fromEntries(operations.map(operation => [operation, ofAccount.includes(operation) ? 50 : 5])),
    )
  })

  it('are 50 a second over all streams, and 300 for the two that look things up', async () => {
    const lookups = ['DescribeStream', 'GetDataEndpoint']
    const unlimited = Number.POSITIVE_INFINITY
    assert.deepEqual(
      await passed({
        streamCallsPerSecond: unlimited,
        describeStreamCallsPerSecond: unlimited,
        getDataEndpointCallsPerSecond: unlimited,
      }),
      Object.fromEntries(operations.map(operation => [operation, lookups.includes(operation) ? 300 : 50])),
    )
  })

  it('count each stream for itself, and let calls through again after a second', async () => {
    const clock = new FakeClock()
    await using emulator = await startEmulator({ clock, limits: { streamCallsPerSecond: 1 } })
    for (const name of ['door', 'gate']) await emulator.addStream({ name })
    const client = controlClient(emulator)
    const names: (string | undefined)[] = []
    const call = async (StreamName: string) =>
      names.push((await failureOf(client, new sdk.ListTagsForStreamCommand({ StreamName })))?.name)
    for (const name of ['door', 'gate', 'door']) await call(name)
    clock.advance(1000)
    await call('door')
    assert.deepEqual(names, [undefined, undefined, 'ClientLimitExceededException', undefined])
  })

  it('let so many streams exist', async () => {
    await using emulator = await startEmulator({ limits: { streams: 1 } })
    const client = controlClient(emulator)
    const first = await client.send(new sdk.CreateStreamCommand({ StreamName: 'door' }))
    const second = await failureOf(client, new sdk.CreateStreamCommand({ StreamName: 'gate' }))
    await client.send(new sdk.DeleteStreamCommand({ StreamARN: first.StreamARN }))
    const third = await failureOf(client, new sdk.CreateStreamCommand({ StreamName: 'gate' }))
    assert.deepEqual(
      [second?.name, second?.isKnown, third],
      ['AccountStreamLimitExceededException', true, undefined],
    )
  })
})
