import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import * as sdk from '@aws-sdk/client-kinesis-video'
import { type Emulator, startEmulator } from '../../lib/emulator/index.ts'
import { controlClient, sendRaw } from './clients.ts'
import { failureOf } from './failures.ts'

const ARN = 'arn:aws:kinesisvideo:us-east-1:123456789012'
const NOWHERE = `${ARN}:stream/nowhere/1700000000000`
const CHANNEL = `${ARN}:channel/door/1700000000000`
const VERSION = 'aVersionOfNoStream'
const INCREASE = 'INCREASE_DATA_RETENTION'
/** Fifty-one tags. */
const TOO_MANY = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`tag-${index}`, 'x']))
const TOO_MANY_LISTED = Object.entries(TOO_MANY).map(([Key, Value]) => ({ Key, Value }))

describe('the control operations, when they fail', () => {
  let emulator: Emulator
  let client: sdk.KinesisVideoClient

  before(async () => {
    emulator = await startEmulator({ limits: 'off' })
    client = controlClient(emulator)
    await client.send(
      new sdk.CreateStreamCommand({
        StreamName: 'door',
        Tags: Object.fromEntries(Object.entries(TOO_MANY).slice(0, 50)),
      }),
    )
  })
  after(() => emulator.close())

  const invalid = 'InvalidArgumentException'
  const notFound = 'ResourceNotFoundException'
  const mismatch = 'VersionMismatchException'
  const badFormat = 'InvalidResourceFormatException'
  const tooMany = 'TagsPerResourceExceededLimitException'
  const tier = { DefaultStorageTier: 'HOT' } as const
  const cases: [name: string, what: string, command: () => unknown][] = [
    [
      'ResourceInUseException',
      'CreateStream of a name that is taken',
      () => new sdk.CreateStreamCommand({ StreamName: 'door' }),
    ],
    [invalid, 'CreateStream without a name', () => new sdk.CreateStreamCommand({} as never)],
    [
      invalid,
      'CreateStream of a name that is a path',
      () => new sdk.CreateStreamCommand({ StreamName: '../door' }),
    ],
    [
      invalid,
      'CreateStream of a name of 257 characters',
      () => new sdk.CreateStreamCommand({ StreamName: 'a'.repeat(257) }),
    ],
    [
      invalid,
      'CreateStream with a device name too long',
      () => new sdk.CreateStreamCommand({ StreamName: 'x', DeviceName: 'a'.repeat(129) }),
    ],
    [
      invalid,
      'CreateStream with a media type that is none',
      () => new sdk.CreateStreamCommand({ StreamName: 'x', MediaType: 'video' }),
    ],
    [
      invalid,
      'CreateStream with a negative retention',
      () => new sdk.CreateStreamCommand({ StreamName: 'x', DataRetentionInHours: -1 }),
    ],
    [
      invalid,
      'CreateStream with more than ten years',
      () => new sdk.CreateStreamCommand({ StreamName: 'x', DataRetentionInHours: 87_601 }),
    ],
    [
      'SerializationException',
      'CreateStream with half an hour',
      () => new sdk.CreateStreamCommand({ StreamName: 'x', DataRetentionInHours: 0.5 }),
    ],
    [
      invalid,
      'CreateStream with an empty map of tags',
      () => new sdk.CreateStreamCommand({ StreamName: 'x', Tags: {} }),
    ],
    [
      invalid,
      'CreateStream with a tag that has a wrong character',
      () => new sdk.CreateStreamCommand({ StreamName: 'x', Tags: { 'a*': '' } }),
    ],
    [
      invalid,
      'CreateStream with a tag value too long',
      () => new sdk.CreateStreamCommand({ StreamName: 'x', Tags: { a: 'v'.repeat(257) } }),
    ],
    [
      invalid,
      'CreateStream with an unknown tier',
      () =>
        new sdk.CreateStreamCommand({
          StreamName: 'x',
          StreamStorageConfiguration: { DefaultStorageTier: 'COLD' as never },
        }),
    ],
    [
      invalid,
      'CreateStream with a storage configuration without a tier',
      () => new sdk.CreateStreamCommand({ StreamName: 'x', StreamStorageConfiguration: {} as never }),
    ],
    [
      tooMany,
      'CreateStream with 51 tags',
      () => new sdk.CreateStreamCommand({ StreamName: 'x', Tags: TOO_MANY }),
    ],
    [
      notFound,
      'DescribeStream of an unknown name',
      () => new sdk.DescribeStreamCommand({ StreamName: 'nowhere' }),
    ],
    [
      notFound,
      'DescribeStream of an unknown ARN',
      () => new sdk.DescribeStreamCommand({ StreamARN: NOWHERE }),
    ],
    [invalid, 'DescribeStream of nothing', () => new sdk.DescribeStreamCommand({})],
    [
      invalid,
      'DescribeStream of an ARN of another service',
      () => new sdk.DescribeStreamCommand({ StreamARN: 'arn:aws:s3:::x' }),
    ],
    [invalid, 'ListStreams with a page of none', () => new sdk.ListStreamsCommand({ MaxResults: 0 })],
    [invalid, 'ListStreams with a page of 10,001', () => new sdk.ListStreamsCommand({ MaxResults: 10_001 })],
    [
      invalid,
      'ListStreams with a token of its own making',
      () => new sdk.ListStreamsCommand({ NextToken: '////' }),
    ],
    [
      invalid,
      'ListStreams with an unknown comparison',
      () => new sdk.ListStreamsCommand({ StreamNameCondition: { ComparisonOperator: 'ENDS_WITH' as never } }),
    ],
    [
      notFound,
      'UpdateStream of an unknown stream',
      () => new sdk.UpdateStreamCommand({ StreamName: 'nowhere', CurrentVersion: VERSION }),
    ],
    [
      mismatch,
      'UpdateStream of another version',
      () => new sdk.UpdateStreamCommand({ StreamName: 'door', CurrentVersion: VERSION }),
    ],
    [
      invalid,
      'UpdateStream without a version',
      () => new sdk.UpdateStreamCommand({ StreamName: 'door' } as never),
    ],
    [
      invalid,
      'UpdateStream with a version with a dash',
      () => new sdk.UpdateStreamCommand({ StreamName: 'door', CurrentVersion: 'a-b' }),
    ],
    [
      notFound,
      'DeleteStream of an unknown stream',
      () => new sdk.DeleteStreamCommand({ StreamARN: NOWHERE }),
    ],
    [
      mismatch,
      'DeleteStream of another version',
      () => new sdk.DeleteStreamCommand({ StreamARN: emulator.stream('door').arn, CurrentVersion: VERSION }),
    ],
    [
      invalid,
      'DeleteStream by name alone',
      () => new sdk.DeleteStreamCommand({ StreamName: 'door' } as never),
    ],
    [
      notFound,
      'UpdateDataRetention of an unknown stream',
      () =>
        new sdk.UpdateDataRetentionCommand({
          StreamName: 'nowhere',
          CurrentVersion: VERSION,
          Operation: INCREASE,
          DataRetentionChangeInHours: 1,
        }),
    ],
    [
      mismatch,
      'UpdateDataRetention of another version',
      () =>
        new sdk.UpdateDataRetentionCommand({
          StreamName: 'door',
          CurrentVersion: VERSION,
          Operation: INCREASE,
          DataRetentionChangeInHours: 1,
        }),
    ],
    [
      invalid,
      'UpdateDataRetention by nothing',
      () =>
        new sdk.UpdateDataRetentionCommand({
          StreamName: 'door',
          CurrentVersion: VERSION,
          Operation: INCREASE,
          DataRetentionChangeInHours: 0,
        }),
    ],
    [
      invalid,
      'UpdateDataRetention below zero',
      () =>
        new sdk.UpdateDataRetentionCommand({
          StreamName: 'door',
          CurrentVersion: emulator.stream('door').version,
          Operation: 'DECREASE_DATA_RETENTION',
          DataRetentionChangeInHours: 1,
        }),
    ],
    [
      invalid,
      'UpdateDataRetention above ten years',
      () =>
        new sdk.UpdateDataRetentionCommand({
          StreamName: 'door',
          CurrentVersion: emulator.stream('door').version,
          Operation: INCREASE,
          DataRetentionChangeInHours: 87_601,
        }),
    ],
    [
      invalid,
      'UpdateDataRetention with an unknown operation',
      () =>
        new sdk.UpdateDataRetentionCommand({
          StreamName: 'door',
          CurrentVersion: VERSION,
          Operation: 'DOUBLE' as never,
          DataRetentionChangeInHours: 1,
        }),
    ],
    [
      notFound,
      'GetDataEndpoint of an unknown stream',
      () => new sdk.GetDataEndpointCommand({ StreamName: 'nowhere', APIName: 'GET_MEDIA' }),
    ],
    [
      invalid,
      'GetDataEndpoint for an unknown API',
      () => new sdk.GetDataEndpointCommand({ StreamName: 'door', APIName: 'BOGUS' as never }),
    ],
    [
      notFound,
      'TagStream of an unknown stream',
      () => new sdk.TagStreamCommand({ StreamName: 'nowhere', Tags: { a: '' } }),
    ],
    [
      notFound,
      'TagStream of a signaling channel',
      () => new sdk.TagStreamCommand({ StreamARN: CHANNEL, Tags: { a: '' } }),
    ],
    [
      badFormat,
      'TagStream of an ARN that is none',
      () => new sdk.TagStreamCommand({ StreamARN: 'door', Tags: { a: '' } }),
    ],
    [
      invalid,
      'TagStream of an ARN that is none, without tags',
      () => new sdk.TagStreamCommand({ StreamARN: 'door' } as never),
    ],
    [
      tooMany,
      'TagStream with 51 tags',
      () => new sdk.TagStreamCommand({ StreamName: 'door', Tags: TOO_MANY }),
    ],
    [
      tooMany,
      'TagStream with a 51st tag',
      () => new sdk.TagStreamCommand({ StreamName: 'door', Tags: { more: '' } }),
    ],
    [
      notFound,
      'UntagStream of an unknown stream',
      () => new sdk.UntagStreamCommand({ StreamName: 'nowhere', TagKeyList: ['a'] }),
    ],
    [
      badFormat,
      'UntagStream of an ARN that is none',
      () => new sdk.UntagStreamCommand({ StreamARN: 'door', TagKeyList: ['a'] }),
    ],
    [
      invalid,
      'UntagStream of no tag',
      () => new sdk.UntagStreamCommand({ StreamName: 'door', TagKeyList: [] }),
    ],
    [
      invalid,
      'UntagStream of 51 tags',
      () => new sdk.UntagStreamCommand({ StreamName: 'door', TagKeyList: Object.keys(TOO_MANY) }),
    ],
    [
      notFound,
      'ListTagsForStream of an unknown stream',
      () => new sdk.ListTagsForStreamCommand({ StreamName: 'nowhere' }),
    ],
    [
      badFormat,
      'ListTagsForStream of an ARN that is none',
      () => new sdk.ListTagsForStreamCommand({ StreamARN: 'door' }),
    ],
    [
      invalid,
      'ListTagsForStream with a token',
      () => new sdk.ListTagsForStreamCommand({ StreamName: 'door', NextToken: 'abc' }),
    ],
    [
      notFound,
      'TagResource of a signaling channel',
      () => new sdk.TagResourceCommand({ ResourceARN: CHANNEL, Tags: [{ Key: 'a', Value: '' }] }),
    ],
    [
      invalid,
      'TagResource of an ARN that is none',
      () => new sdk.TagResourceCommand({ ResourceARN: 'door', Tags: [{ Key: 'a', Value: '' }] }),
    ],
    [
      invalid,
      'TagResource with a tag without a value',
      () => new sdk.TagResourceCommand({ ResourceARN: NOWHERE, Tags: [{ Key: 'a' } as never] }),
    ],
    [
      invalid,
      'TagResource with a tag twice',
      () =>
        new sdk.TagResourceCommand({
          ResourceARN: emulator.stream('door').arn,
          Tags: [
            { Key: 'a', Value: '' },
            { Key: 'a', Value: 'b' },
          ],
        }),
    ],
    [
      tooMany,
      'TagResource with 51 tags',
      () => new sdk.TagResourceCommand({ ResourceARN: NOWHERE, Tags: TOO_MANY_LISTED }),
    ],
    [
      notFound,
      'UntagResource of an unknown stream',
      () => new sdk.UntagResourceCommand({ ResourceARN: NOWHERE, TagKeyList: ['a'] }),
    ],
    [
      notFound,
      'ListTagsForResource of an unknown stream',
      () => new sdk.ListTagsForResourceCommand({ ResourceARN: NOWHERE }),
    ],
    [
      notFound,
      'DescribeStreamStorageConfiguration of an unknown stream',
      () => new sdk.DescribeStreamStorageConfigurationCommand({ StreamName: 'nowhere' }),
    ],
    [
      notFound,
      'UpdateStreamStorageConfiguration of an unknown stream',
      () =>
        new sdk.UpdateStreamStorageConfigurationCommand({
          StreamName: 'nowhere',
          CurrentVersion: VERSION,
          StreamStorageConfiguration: tier,
        }),
    ],
    [
      mismatch,
      'UpdateStreamStorageConfiguration of another version',
      () =>
        new sdk.UpdateStreamStorageConfigurationCommand({
          StreamName: 'door',
          CurrentVersion: VERSION,
          StreamStorageConfiguration: tier,
        }),
    ],
  ]

  for (const [name, what, command] of cases) {
    it(`answer ${name} to ${what}`, async () => {
      const failure = await failureOf(client, command())
      assert.deepEqual(failure, {
        name,
        status: name === notFound ? 404 : 400,
        // The front end's own errors are in no model.
        isKnown: name !== 'SerializationException',
        requestId: emulator.requests.at(-1)!.requestId,
      })
    })
  }

  it('leave the stream as it was', () => {
    const [stream, ...others] = emulator.streams
    assert.equal(others.length, 0)
    assert.deepEqual([stream!.name, stream!.dataRetentionInHours, stream!.deviceName], ['door', 0, undefined])
  })
})

describe('an error on the wire', () => {
  it('is a status, a name and an id in the headers, and a message in JSON', async () => {
    await using emulator = await startEmulator()
    const answer = await sendRaw(emulator, { path: '/describeStream', body: '{"StreamName":"nowhere"}' })
    const { date, connection, 'keep-alive': _, ...headers } = answer.headers
    assert.equal(answer.statusCode, 404)
    assert.deepEqual(headers, {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(answer.body)),
      'x-amzn-errortype': 'ResourceNotFoundException',
      'x-amzn-requestid': emulator.requests[0]!.requestId,
    })
    assert.ok(Math.abs(Date.parse(String(date)) - Date.now()) < 60_000)
    assert.deepEqual(JSON.parse(answer.body), {
      Message: 'The requested stream nowhere is not found or not active.',
    })
  })

  it('tells ten breaches of a thousand', async () => {
    await using emulator = await startEmulator()
    const body = JSON.stringify({ StreamName: 'door', Fragments: Array(1000).fill('x') })
    const { Message } = JSON.parse((await sendRaw(emulator, { path: '/getMediaForFragmentList', body })).body)
    assert.match(Message, /^1000 validation errors detected: .*'fragments\.10\.member'.*; and 990 more$/)
    assert.ok(Message.length < 3000)
  })
})
