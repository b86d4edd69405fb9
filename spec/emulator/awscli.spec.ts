import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Emulator, type MediaStream, startEmulator } from '../../lib/emulator/index.ts'
import { requires } from '../support/requirements.ts'
import { framesIn, recording, tagValues } from './clients.ts'

/** The AWS command line, as Debian or pip installs it: botocore's idea of the API, signed by botocore. */

type Result = { readonly exitCode: number | null; readonly json: unknown; readonly stderr: string }

const NOWHERE = 'arn:aws:kinesisvideo:us-east-1:123456789012:stream/nowhere/1700000000000'
/** The service's words for an error, and the name in them. */
const ERROR = /An error occurred \((\w+)\) when calling the (\w+) operation/

describe('awscli', requires('aws'), () => {
  let emulator: Emulator
  let stream: MediaStream
  let directory: string
  let numbers: string[]
  let nextFile = 0

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'getmedia-awscli-'))
    emulator = await startEmulator({ limits: 'off', idleEndMs: 0 })
    stream = await emulator.addStream({ name: 'door', source: recording(3) })
    numbers = stream.fragments.map(fragment => String(fragment.number))
  })
  after(async () => {
    await emulator.close()
    await rm(directory, { recursive: true })
  })

  const aws = async (service: string, args: readonly string[]): Promise<Result> => {
    const child = spawn('aws', ['--endpoint-url', emulator.url, '--output', 'json', service, ...args], {
      env: {
        PATH: process.env.PATH,
        HOME: directory,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_REGION: 'us-east-1',
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_PAGER: '',
        AWS_MAX_ATTEMPTS: '1',
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const exitCode = await new Promise<number | null>(resolve => child.on('close', resolve))
    return { exitCode, json: stdout.trim() === '' ? undefined : JSON.parse(stdout), stderr }
  }
  const control = (...args: string[]) => aws('kinesisvideo', args)
  /** What a command printed; for one that failed, why. */
  const printed = async (result: Promise<Result>) => {
    const { exitCode, json, stderr } = await result
    assert.equal(exitCode, 0, stderr)
    return json as Record<string, unknown> | undefined
  }
  const failure = async (result: Promise<Result>) => {
    const { exitCode, stderr } = await result
    const [, name, operation] = ERROR.exec(stderr) ?? [undefined, stderr]
    return [exitCode === 0, operation, name]
  }
  /** A media command writes the body to a file. */
  const media = async (service: string, command: string, ...args: string[]) => {
    const file = join(directory, `${nextFile++}.mkv`)
    // Ahead of options that take lists.
    const json = await printed(aws(service, [command, file, ...args]))
    return { json, bytes: await readFile(file) }
  }

  it('creates, describes, updates, keeps for longer, lists and deletes a stream', async () => {
    const created = await printed(
      control(
        'create-stream',
        '--stream-name',
        'yard',
        '--device-name',
        'camera',
        '--media-type',
        'video/h264',
        '--data-retention-in-hours',
        '2',
        '--tags',
        'a=1',
      ),
    )
    const arn = String(created!.StreamARN)
    const info = async () =>
      (await printed(control('describe-stream', '--stream-name', 'yard')))!.StreamInfo as Record<
        string,
        unknown
      >
    const first = await info()
    await printed(
      control(
        'update-stream',
        '--stream-arn',
        arn,
        '--current-version',
        String(first.Version),
        '--device-name',
        'other',
      ),
    )
    const second = await info()
    await printed(
      control(
        'update-data-retention',
        '--stream-name',
        'yard',
        '--current-version',
        String(second.Version),
        '--operation',
        'INCREASE_DATA_RETENTION',
        '--data-retention-change-in-hours',
        '3',
      ),
    )
    const third = await info()
    const listed = await printed(
      control(
        'list-streams',
        '--max-results',
        '1',
        '--stream-name-condition',
        'ComparisonOperator=BEGINS_WITH,ComparisonValue=ya',
      ),
    )
    await printed(control('delete-stream', '--stream-arn', arn, '--current-version', String(third.Version)))
    assert.deepEqual(
      [first, second, third].map(({ DeviceName, DataRetentionInHours, Status }) => [
        DeviceName,
        DataRetentionInHours,
        Status,
      ]),
      [
        ['camera', 2, 'ACTIVE'],
        ['other', 2, 'ACTIVE'],
        ['other', 5, 'ACTIVE'],
      ],
    )
    assert.deepEqual((listed!.StreamInfoList as unknown[]).length, 1)
    assert.deepEqual(
      emulator.streams.map(({ name }) => name),
      ['door'],
    )
  })

  it('pages through streams by itself', async () => {
    for (const name of ['many-1', 'many-2', 'many-3']) await emulator.addStream({ name })
    const listed = await printed(
      control(
        'list-streams',
        '--page-size',
        '2',
        '--stream-name-condition',
        'ComparisonOperator=BEGINS_WITH,ComparisonValue=many',
      ),
    )
    assert.equal((listed!.StreamInfoList as unknown[]).length, 3)
  })

  it('tags streams', async () => {
    await printed(control('tag-stream', '--stream-name', 'door', '--tags', 'a=1,b=2'))
    await printed(control('untag-stream', '--stream-name', 'door', '--tag-key-list', 'a'))
    assert.deepEqual((await printed(control('list-tags-for-stream', '--stream-arn', stream.arn)))!.Tags, {
      b: '2',
    })
  })

  it('tags resources', async () => {
    await printed(
      control('tag-resource', '--resource-arn', stream.arn, '--tags', 'Key=c,Value=3', 'Key=d,Value=4'),
    )
    await printed(control('untag-resource', '--resource-arn', stream.arn, '--tag-key-list', 'c'))
    const listed = await printed(control('list-tags-for-resource', '--resource-arn', stream.arn))
    assert.equal((listed!.Tags as Record<string, string>).d, '4')
  })

  it('tells and changes the storage tier, where it is new enough', async t => {
    const { stderr } = await control('no-such-operation')
    if (!stderr.includes('describe-stream-storage-configuration')) {
      return t.diagnostic('this awscli does not have it')
    }
    await printed(
      control(
        'update-stream-storage-configuration',
        '--stream-name',
        'door',
        '--current-version',
        stream.version,
        '--stream-storage-configuration',
        'DefaultStorageTier=WARM',
      ),
    )
    const told = await printed(control('describe-stream-storage-configuration', '--stream-name', 'door'))
    assert.deepEqual(told!.StreamStorageConfiguration, { DefaultStorageTier: 'WARM' })
  })

  it('gets endpoints, and media from them', async () => {
    const endpoint = await printed(
      control('get-data-endpoint', '--stream-name', 'door', '--api-name', 'GET_MEDIA'),
    )
    const { json, bytes } = await media(
      'kinesis-video-media',
      'get-media',
      '--stream-name',
      'door',
      '--start-selector',
      'StartSelectorType=EARLIEST',
    )
    assert.deepEqual([endpoint, json], [{ DataEndpoint: emulator.url }, { ContentType: 'video/webm' }])
    assert.equal(framesIn(bytes).length, 9)
  })

  it('lists fragments, and gets those that it lists', async () => {
    const range = `{StartTimestamp=0,EndTimestamp=${Math.ceil(Date.now() / 1000)}}`
    const selector = `FragmentSelectorType=SERVER_TIMESTAMP,TimestampRange=${range}`
    const listed = await printed(
      aws('kinesis-video-archived-media', [
        'list-fragments',
        '--stream-name',
        'door',
        '--page-size',
        '2',
        '--fragment-selector',
        selector,
      ]),
    )
    const fragments = listed!.Fragments as { FragmentNumber: string }[]
    assert.deepEqual(fragments.map(({ FragmentNumber }) => FragmentNumber).sort(), [...numbers].sort())
    const { json, bytes } = await media(
      'kinesis-video-archived-media',
      'get-media-for-fragment-list',
      '--stream-name',
      'door',
      '--fragments',
      numbers[2]!,
      numbers[0]!,
      '17',
    )
    assert.deepEqual(json, { ContentType: 'video/webm' })
    assert.deepEqual(tagValues(bytes, 'FRAGMENT_NUMBER'), [numbers[2], numbers[0], '17'])
    assert.deepEqual(tagValues(bytes, 'ERROR_CODE'), ['FRAGMENT_NOT_FOUND'])
  })

  const notFound = 'ResourceNotFoundException'
  const failures: [service: string, operation: string, name: string, args: readonly string[]][] = [
    ['kinesisvideo', 'CreateStream', 'ResourceInUseException', ['--stream-name', 'door']],
    ['kinesisvideo', 'DescribeStream', notFound, ['--stream-name', 'nowhere']],
    ['kinesisvideo', 'ListStreams', 'InvalidArgumentException', ['--no-paginate', '--max-results', '10001']],
    [
      'kinesisvideo',
      'UpdateStream',
      'VersionMismatchException',
      ['--stream-name', 'door', '--current-version', 'other'],
    ],
    ['kinesisvideo', 'DeleteStream', notFound, ['--stream-arn', NOWHERE]],
    [
      'kinesisvideo',
      'UpdateDataRetention',
      'InvalidArgumentException',
      [
        '--stream-name',
        'door',
        '--current-version',
        'x',
        '--operation',
        'DECREASE_DATA_RETENTION',
        '--data-retention-change-in-hours',
        '90000',
      ],
    ],
    [
      'kinesisvideo',
      'TagStream',
      'InvalidResourceFormatException',
      ['--stream-arn', 'door', '--tags', 'a=1'],
    ],
    ['kinesisvideo', 'UntagStream', notFound, ['--stream-name', 'nowhere', '--tag-key-list', 'a']],
    ['kinesisvideo', 'ListTagsForStream', notFound, ['--stream-name', 'nowhere']],
    ['kinesisvideo', 'TagResource', notFound, ['--resource-arn', NOWHERE, '--tags', 'Key=a,Value=b']],
    ['kinesisvideo', 'UntagResource', notFound, ['--resource-arn', NOWHERE, '--tag-key-list', 'a']],
    ['kinesisvideo', 'ListTagsForResource', notFound, ['--resource-arn', NOWHERE]],
    ['kinesisvideo', 'GetDataEndpoint', notFound, ['--stream-name', 'nowhere', '--api-name', 'GET_MEDIA']],
    [
      'kinesis-video-media',
      'GetMedia',
      notFound,
      ['--stream-name', 'nowhere', '--start-selector', 'StartSelectorType=NOW', '/dev/null'],
    ],
    ['kinesis-video-archived-media', 'ListFragments', 'InvalidArgumentException', ['--stream-name', 'door']],
    [
      'kinesis-video-archived-media',
      'GetMediaForFragmentList',
      'InvalidArgumentException',
      ['/dev/null', '--stream-name', 'door', '--fragments', 'x'],
    ],
  ]
  for (const [service, operation, name, args] of failures) {
    it(`tells ${name} of ${operation}`, async () => {
      const command = operation.replace(/(?<!^)[A-Z]/g, letter => `-${letter}`).toLowerCase()
      assert.deepEqual(await failure(aws(service, [command, ...args])), [false, operation, name])
    })
  }
})
