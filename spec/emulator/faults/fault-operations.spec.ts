import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { GetMediaForFragmentListCommand } from '@aws-sdk/client-kinesis-video-archived-media'
import { FAULT_OPERATIONS } from '../../../lib/emulator/faults/fault-operations.ts'
import { FAULTS } from '../../../lib/emulator/faults/fault-table.ts'
import { type Emulator, type Fault, startEmulator } from '../../../lib/emulator/index.ts'
import { OPERATIONS } from '../../../lib/emulator/operations/index.ts'
import { archivedClient, readUntilBreak, recording, sendRaw, tagValues } from '../clients.ts'

describe('a fault', () => {
  let emulator: Emulator

  before(async () => {
    emulator = await startEmulator({ limits: 'off', idleEndMs: 0 })
    await emulator.addStream({ name: 'door', source: recording(3) })
  })
  after(() => emulator.close())

  /** A request for each operation that passes the check of its arguments. */
  const bodyOf = (operation: string): Record<string, unknown> => {
    const { arn: StreamARN } = emulator.stream('door')
    const stream = { StreamName: 'door' }
    const update = { ...stream, CurrentVersion: 'A' }
    const bodies: Record<string, Record<string, unknown>> = {
      GetMedia: { ...stream, StartSelector: { StartSelectorType: 'NOW' } },
      GetMediaForFragmentList: { ...stream, Fragments: ['1'] },
      ListFragments: {
        ...stream,
        FragmentSelector: {
          FragmentSelectorType: 'SERVER_TIMESTAMP',
          TimestampRange: { StartTimestamp: 0, EndTimestamp: 9e9 },
        },
      },
      GetDataEndpoint: { ...stream, APIName: 'GET_MEDIA' },
      DeleteStream: { StreamARN },
      UpdateStream: update,
      UpdateDataRetention: {
        ...update,
        Operation: 'INCREASE_DATA_RETENTION',
        DataRetentionChangeInHours: 1,
      },
      TagStream: { ...stream, Tags: { a: 'b' } },
      UntagStream: { ...stream, TagKeyList: ['a'] },
      TagResource: { ResourceARN: StreamARN, Tags: [{ Key: 'a', Value: 'b' }] },
      UntagResource: { ResourceARN: StreamARN, TagKeyList: ['a'] },
      ListTagsForResource: { ResourceARN: StreamARN },
      UpdateStreamStorageConfiguration: {
        ...update,
        StreamStorageConfiguration: { DefaultStorageTier: 'WARM' },
      },
    }
    return bodies[operation] ?? stream
  }

  for (const operation of FAULT_OPERATIONS) {
    it(`refuses ${operation} once, and changes nothing`, async () => {
      emulator.faults('door', [
        { type: 'throttle', operation },
        { type: 'exception', operation, errorType: 'InternalFailure' },
      ])
      const { path } = [...OPERATIONS.values()].find(({ name }) => name === operation)!
      const headers: Record<string, string> =
        operation === 'PutMedia'
          ? { 'x-amzn-stream-name': 'door', 'x-amzn-fragment-timecode-type': 'ABSOLUTE' }
          : {}
      const body = operation === 'PutMedia' ? '' : JSON.stringify(bodyOf(operation))
      const first = await sendRaw(emulator, { path, headers, body })
      assert.deepEqual(
        [first.statusCode, first.headers['x-amzn-errortype']],
        [400, 'ClientLimitExceededException'],
      )
      assert.match(first.body, new RegExp(`requests for ${operation} API for resource 'door'`))
      const second = await sendRaw(emulator, { path, headers, body })
      assert.deepEqual([second.statusCode, second.headers['x-amzn-errortype']], [500, 'InternalFailure'])
      assert.deepEqual(
        emulator.requests.slice(-2).map(({ fault }) => fault),
        ['throttle', 'exception'],
      )
      assert.equal(emulator.pendingFaults('door'), 0)
      assert.equal(emulator.streams.length, 1)
    })
  }

  const breaks: [Fault, fragments: number, code: string | undefined][] = [
    [{ type: 'end', operation: 'GetMediaForFragmentList', afterFragments: 2 }, 2, undefined],
    [{ type: 'cut', operation: 'GetMediaForFragmentList', afterFragments: 1 }, 1, 'ECONNRESET'],
    [{ type: 'end', operation: 'GetMediaForFragmentList', atByte: 0 }, 0, undefined],
    [{ type: 'reset', operation: 'GetMediaForFragmentList', atByte: 0 }, 0, 'ECONNRESET'],
  ]
  for (const [fault, fragments, code] of breaks) {
    it(`breaks GetMediaForFragmentList: ${JSON.stringify(fault)}`, async () => {
      emulator.faults('door', [fault])
      const Fragments = emulator.stream('door').fragments.map(({ number }) => String(number))
      const command = new GetMediaForFragmentListCommand({ StreamName: 'door', Fragments })
      const { Payload } = await archivedClient(emulator).send(command)
      const { bytes, error } = await readUntilBreak(Payload as Readable)
      assert.equal(tagValues(bytes, 'FRAGMENT_NUMBER').length, fragments)
      assert.equal((error as { code?: string } | undefined)?.code, code)
    })
  }

  it('of each kind is in the documentation', async () => {
    const page = await readFile(new URL('../../../docs/emulator.md', import.meta.url), 'utf8')
    const missing = Object.keys(FAULTS).filter(type => !page.includes(`{ type: '${type}'`))
    assert.deepEqual(missing, [])
  })
})
