import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Emulator, startEmulator } from '../../lib/emulator/index.ts'
import { recording } from './clients.ts'

const script = fileURLToPath(new URL('../support/boto3-calls.py', import.meta.url))
/** Debian's own, or whatever `python3` is. */
const python = ['/usr/bin/python3', 'python3'].find(
  command => spawnSync(command, ['-c', 'import boto3']).status === 0,
)
const isRequired = process.env.GETMEDIA_SPECS_REQUIRE_ALL === '1'
const requirement = python === undefined && !isRequired ? { skip: 'boto3 is not installed' } : {}

type Row = [call: string, outcome: string, detail: unknown]

describe('boto3', requirement, () => {
  let emulator: Emulator

  before(async () => {
    emulator = await startEmulator({ limits: 'off', idleEndMs: 0 })
    await emulator.addStream({ name: 'door', source: recording(3) })
  })
  after(() => emulator.close())

  it('calls every operation that it has, and gets each failure under its name with a request id', async () => {
    const { stdout } = await promisify(execFile)(python ?? 'python3', [script, emulator.url])
    const rows = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Row)
    const expected: Row[] = [
      ['CreateStream', 'ok', true],
      ['CreateStream again', 'ResourceInUseException', true],
      ['DescribeStream', 'ok', 2],
      ['DescribeStream of none', 'ResourceNotFoundException', true],
      ['ListStreams', 'ok', ['door', 'porch']],
      ['UpdateStream', 'ok', null],
      ['UpdateStream of an old version', 'VersionMismatchException', true],
      ['UpdateDataRetention', 'ok', null],
      ['TagStream', 'ok', null],
      ['ListTagsForStream', 'ok', { room: 'hall' }],
      ['UntagStream', 'ok', null],
      ['GetDataEndpoint', 'ok', true],
      ['GetDataEndpoint of a wrong name', 'InvalidArgumentException', true],
      ['GetMedia', 'ok', true],
      ['GetMedia of none', 'ResourceNotFoundException', true],
      ['GetMedia of a wrong start', 'InvalidArgumentException', true],
      ['ListFragments', 'ok', 3],
      ['GetMediaForFragmentList', 'ok', true],
      ['GetMediaForFragmentList of no number', 'InvalidArgumentException', true],
      ['DeleteStream', 'ok', null],
      ['DeleteStream again', 'ResourceNotFoundException', true],
    ]
    assert.deepEqual(rows, expected)
  })
})
