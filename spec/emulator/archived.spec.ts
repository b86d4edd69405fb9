import assert from 'node:assert/strict'
import type { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { GetDataEndpointCommand, UpdateDataRetentionCommand } from '@aws-sdk/client-kinesis-video'
import {
  GetMediaForFragmentListCommand,
  KinesisVideoArchivedMediaClient,
  ListFragmentsCommand,
  type ListFragmentsCommandInput,
  type ListFragmentsCommandOutput,
} from '@aws-sdk/client-kinesis-video-archived-media'
import {
  type Emulator,
  type EmulatorOptions,
  type MediaStream,
  startEmulator,
} from '../../lib/emulator/index.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'
import { cluster, document, info, tracks } from '../support/mkv-builder.ts'
import {
  archivedClient,
  controlClient,
  framesIn,
  mediaClient,
  openMedia,
  readAll,
  recording,
  tagValues,
} from './clients.ts'

const SERVER_START = Date.now() - 3_600_000
const PRODUCER_START = 1_500_000_000_000

/** A selector of fragments that begin so many milliseconds after the first. */
function between(
  fromMs: number,
  toMs: number,
  order: 'SERVER' | 'PRODUCER' = 'SERVER',
): ListFragmentsCommandInput {
  const startMs = order === 'SERVER' ? SERVER_START : PRODUCER_START
  return {
    StreamName: 'door',
    FragmentSelector: {
      FragmentSelectorType: `${order}_TIMESTAMP`,
      TimestampRange: { StartTimestamp: new Date(startMs + fromMs), EndTimestamp: new Date(startMs + toMs) },
    },
  }
}

/** A service with a stream of so many fragments of one second. */
async function withDoor(count: number, options: EmulatorOptions = {}) {
  const emulator = await startEmulator({ limits: 'off', idleEndMs: 0, ...options })
  const stream = await emulator.addStream({
    name: 'door',
    source: recording(count),
    serverStart: SERVER_START,
    producerStart: PRODUCER_START,
  })
  return { emulator, stream, numbers: stream.fragments.map(fragment => String(fragment.number)) }
}

/** The numbers on each page, by the token of the page before alone. */
async function pagesOf(client: KinesisVideoArchivedMediaClient, input: ListFragmentsCommandInput) {
  const pages: string[][] = []
  let next: ListFragmentsCommandInput | undefined = input
  while (next !== undefined) {
    const answer: ListFragmentsCommandOutput = await client.send(new ListFragmentsCommand(next))
    const { Fragments, NextToken } = answer
    pages.push(Fragments!.map(fragment => fragment.FragmentNumber!))
    next =
      NextToken === undefined ? undefined : { StreamName: 'door', NextToken, MaxResults: input.MaxResults }
  }
  return pages
}

async function openList(
  client: KinesisVideoArchivedMediaClient,
  Fragments: readonly string[],
): Promise<Readable> {
  const command = new GetMediaForFragmentListCommand({ StreamName: 'door', Fragments: [...Fragments] })
  return (await client.send(command)).Payload as Readable
}

describe('ListFragments', () => {
  let emulator: Emulator
  let stream: MediaStream
  let numbers: string[]
  let client: KinesisVideoArchivedMediaClient

  before(async () => {
    ;({ emulator, stream, numbers } = await withDoor(10))
    client = archivedClient(emulator)
  })
  after(() => emulator.close())

  const sorted = async (input: ListFragmentsCommandInput) => (await pagesOf(client, input)).flat().sort()

  it('is reached at the endpoint that GetDataEndpoint gives', async () => {
    const { DataEndpoint } = await controlClient(emulator).send(
      new GetDataEndpointCommand({ StreamName: 'door', APIName: 'LIST_FRAGMENTS' }),
    )
    const pointed = new KinesisVideoArchivedMediaClient({
      endpoint: DataEndpoint!,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    })
    assert.equal((await pagesOf(pointed, between(0, 9000))).flat().length, 10)
  })

  it('tells of each fragment its number, its times, its length and its size as a chunk', async () => {
    const { Fragments } = await client.send(new ListFragmentsCommand(between(3000, 3000)))
    const chunk = await readAll(await openList(client, [numbers[3]!]))
    assert.deepEqual(Fragments, [
      {
        FragmentNumber: numbers[3],
        FragmentSizeInBytes: chunk.length,
        ProducerTimestamp: new Date(PRODUCER_START + 3000),
        ServerTimestamp: new Date(SERVER_START + 3000),
        FragmentLengthInMilliseconds: Math.round(stream.fragments[3]!.durationMs),
      },
    ])
  })

  const ranges: [what: string, fromMs: number, toMs: number, first: number, last: number][] = [
    ['both ends included', 2000, 5000, 2, 5],
    ['those that begin between, not those that only reach into it', 2001, 4999, 3, 4],
    ['one that begins just then', 7000, 7000, 7, 7],
    ['none where none begins', 7001, 7999, 0, -1],
    ['all', -60_000, 60_000, 0, 9],
  ]
  for (const [what, fromMs, toMs, first, last] of ranges) {
    it(`gives ${what}, by server and by producer time`, async () => {
      const expected = numbers.slice(first, last + 1).sort()
      assert.deepEqual(await sorted(between(fromMs, toMs, 'SERVER')), expected)
      assert.deepEqual(await sorted(between(fromMs, toMs, 'PRODUCER')), expected)
    })
  }

  it('gives each fragment once over pages of any size, with the token alone', async () => {
    for (const MaxResults of [1, 2, 3, 9, 10, 11]) {
      const pages = await pagesOf(client, { ...between(0, 9000), MaxResults })
      assert.deepEqual(pages.flat().sort(), [...numbers].sort())
      assert.deepEqual(
        pages.slice(0, -1).map(page => page.length),
        Array(pages.length - 1).fill(MaxResults),
      )
    }
  })

  it('sorts neither within pages nor across them, and the same each time', async () => {
    const { emulator: large } = await withDoor(200)
    await using _ = large
    const pages = await pagesOf(archivedClient(large), { ...between(0, 200_000), MaxResults: 50 })
    const isRising = (list: string[]) =>
      list.every((number, index) => index === 0 || list[index - 1]! < number)
    const ranges = pages.map(page => [...page].sort()).map(page => [page[0]!, page.at(-1)!] as const)
    const isAfterTheLast = ranges.slice(1).map(([least], index) => ranges[index]![1] < least)
    assert.equal(pages.flat().length, 200)
    assert.equal(pages.some(isRising), false, 'a page is sorted')
    assert.ok(isAfterTheLast.includes(false), 'the pages are sorted')
    const again = await pagesOf(archivedClient(large), { ...between(0, 200_000), MaxResults: 50 })
    assert.deepEqual(again, pages)
  })

  it('gives a hundred where the page’s size is not said, and a thousand at most', async () => {
    const { emulator: large } = await withDoor(1001)
    await using _ = large
    const ofDefault = await archivedClient(large).send(new ListFragmentsCommand(between(0, 2_000_000)))
    const pages = await pagesOf(archivedClient(large), { ...between(0, 2_000_000), MaxResults: 1000 })
    assert.equal(ofDefault.Fragments!.length, 100)
    assert.deepEqual(
      pages.map(page => page.length),
      [1000, 1],
    )
  })

  it('takes the ARN, and needs a selector only without a token', async () => {
    const { StreamName: _, ...selector } = between(0, 9000)
    const answer = await client.send(
      new ListFragmentsCommand({ StreamARN: stream.arn, ...selector, MaxResults: 1 }),
    )
    const next = await client.send(
      new ListFragmentsCommand({ StreamARN: stream.arn, NextToken: answer.NextToken }),
    )
    assert.match(answer.NextToken!, /^[a-zA-Z0-9+/]+={0,2}$/)
    assert.equal(next.Fragments!.length, 9)
  })

  const wrong: [what: string, input: object, name: string][] = [
    ['no stream', { ...between(0, 1), StreamName: undefined }, 'InvalidArgumentException'],
    ['an unknown stream', { ...between(0, 1), StreamName: 'gate' }, 'ResourceNotFoundException'],
    ['neither a selector nor a token', { StreamName: 'door' }, 'InvalidArgumentException'],
    [
      'a selector without a type',
      {
        StreamName: 'door',
        FragmentSelector: { TimestampRange: between(0, 1).FragmentSelector!.TimestampRange },
      },
      'InvalidArgumentException',
    ],
    [
      'a selector of an unknown type',
      {
        StreamName: 'door',
        FragmentSelector: { ...between(0, 1).FragmentSelector, FragmentSelectorType: 'NOW' },
      },
      'InvalidArgumentException',
    ],
    [
      'a range without an end',
      {
        StreamName: 'door',
        FragmentSelector: {
          FragmentSelectorType: 'SERVER_TIMESTAMP',
          TimestampRange: { StartTimestamp: new Date() },
        },
      },
      'InvalidArgumentException',
    ],
    ['a range that ends before it starts', between(1, 0), 'InvalidArgumentException'],
    ['a page of none', { ...between(0, 1), MaxResults: 0 }, 'InvalidArgumentException'],
    ['a page of 1001', { ...between(0, 1), MaxResults: 1001 }, 'InvalidArgumentException'],
    ['a token with a wrong character', { StreamName: 'door', NextToken: 'a_b' }, 'InvalidArgumentException'],
    ['a token that was never given', { StreamName: 'door', NextToken: 'WzFd' }, 'InvalidArgumentException'],
  ]
  for (const [what, input, name] of wrong) {
    it(`answers ${name} to ${what}`, async () => {
      await assert.rejects(client.send(new ListFragmentsCommand(input as never)), { name })
    })
  }

  it('tells that the range is older than the retention', async () => {
    const input = between(-48 * 3_600_000, -47 * 3_600_000)
    await assert.rejects(client.send(new ListFragmentsCommand(input)), {
      name: 'InvalidArgumentException',
      message: `End timestamp ${SERVER_START - 47 * 3_600_000} is outside of the stream retention period.`,
    })
  })

  it('has nothing of a stream that retains nothing', async () => {
    await using own = await startEmulator({ idleEndMs: 0 })
    const bare = await own.addStream({ name: 'door', dataRetentionInHours: 0 })
    const [stored] = bare.append(recording(1))
    await assert.rejects(archivedClient(own).send(new ListFragmentsCommand(between(0, 9e9))), {
      name: 'InvalidArgumentException',
      message: /DataRetentionInHours is 0/,
    })
    const listed = await readAll(await openList(archivedClient(own), [String(stored!.number)]))
    const live = await readAll(await openMedia(mediaClient(own)))
    assert.deepEqual([tagValues(listed, 'ERROR_ID'), framesIn(live).length], [['3000'], 3])
    await controlClient(own).send(
      new UpdateDataRetentionCommand({
        StreamName: 'door',
        CurrentVersion: bare.version,
        Operation: 'INCREASE_DATA_RETENTION',
        DataRetentionChangeInHours: 1,
      }),
    )
    assert.equal((await pagesOf(archivedClient(own), between(0, 9e9))).flat().length, 1)
  })

  it('costs as many points as a page may hold, and 10,000 fill up in a second', async () => {
    const clock = new FakeClock()
    await using own = await startEmulator({ clock })
    await own.addStream({ name: 'door' })
    const outcomes: (string | undefined)[] = []
    const list = async (MaxResults: number) => {
      const command = new ListFragmentsCommand({ ...between(0, 9e12, 'PRODUCER'), MaxResults })
      outcomes.push(
        await archivedClient(own)
          .send(command)
          .then(
            () => undefined,
            (error: Error) => error.name,
          ),
      )
    }
    for (let call = 0; call < 10; call++) await list(1000)
    await list(1)
    clock.advance(50)
    await list(500)
    await list(1)
    const limited = 'ClientLimitExceededException'
    assert.deepEqual(outcomes, [...Array(10).fill(undefined), limited, undefined, limited])
  })
})

describe('GetMediaForFragmentList', () => {
  it('gives the chunks in the order of the list, as GetMedia does but without the tags behind', async () => {
    const { emulator, numbers } = await withDoor(4)
    await using _ = emulator
    const answer = await archivedClient(emulator).send(
      new GetMediaForFragmentListCommand({
        StreamName: 'door',
        Fragments: [2, 0, 3, 0].map(index => numbers[index]!),
      }),
    )
    const bytes = await readAll(answer.Payload as Readable)
    assert.equal(answer.ContentType, 'video/webm')
    assert.deepEqual(tagValues(bytes, 'FRAGMENT_NUMBER'), [numbers[2], numbers[0], numbers[3], numbers[0]])
    assert.deepEqual(
      framesIn(bytes),
      [2, 0, 3, 0].flatMap(index => [0, 1, 2].map(place => `frame-${index}-${place}`)),
    )
    assert.equal(tagValues(bytes, 'SERVER_TIMESTAMP').length, 4)
    assert.equal(tagValues(bytes, 'PRODUCER_TIMESTAMP').length, 4)
    assert.deepEqual(
      [...tagValues(bytes, 'MILLIS_BEHIND_NOW'), ...tagValues(bytes, 'CONTINUATION_TOKEN')],
      [],
    )
    const live = await readAll(await openMedia(mediaClient(emulator), { StartSelectorType: 'NOW' }))
    const newest = await readAll(await openList(archivedClient(emulator), [numbers[3]!]))
    assert.ok(live.subarray(0, newest.length).equals(newest))
  })

  it('gives a thousand fragments', async () => {
    const { emulator, numbers } = await withDoor(1000)
    await using _ = emulator
    const bytes = await readAll(await openList(archivedClient(emulator), [...numbers].reverse()))
    assert.deepEqual(tagValues(bytes, 'FRAGMENT_NUMBER'), [...numbers].reverse())
    assert.equal(emulator.requests[0]!.endedBy, 'complete')
  })

  const missing = '9'.repeat(128)
  const settings: [MissingFragment: 'end' | 'next', framesAfter: number][] = [
    ['end', 0],
    ['next', 3],
  ]
  for (const [missingFragment, framesAfter] of settings) {
    it(`tells of a missing fragment in the 200 body, and goes on as set: ${missingFragment}`, async () => {
      const { emulator, numbers } = await withDoor(2, { missingFragment })
      await using _ = emulator
      const bytes = await readAll(
        await openList(archivedClient(emulator), [numbers[0]!, missing, numbers[1]!]),
      )
      assert.equal(framesIn(bytes).length, 3 + framesAfter)
      assert.deepEqual(tagValues(bytes, 'ERROR_ID'), ['3000'])
      assert.deepEqual(tagValues(bytes, 'ERROR_CODE'), ['FRAGMENT_NOT_FOUND'])
      const error = bytes.subarray(
        bytes.lastIndexOf(Buffer.from('1a45dfa3', 'hex'), bytes.indexOf('ERROR_CODE')),
      )
      assert.ok(error.includes(missing), 'the error names the fragment')
      assert.deepEqual([emulator.requests[0]!.statusCode, emulator.requests[0]!.endedBy], [200, 'error-tag'])
    })
  }

  it('answers an exception in place of that where it is set', async () => {
    const { emulator, numbers } = await withDoor(1, { missingFragment: 'exception' })
    await using _ = emulator
    await assert.rejects(openList(archivedClient(emulator), [numbers[0]!, '17']), {
      name: 'InvalidArgumentException',
      message: 'Fragment numbers are invalid : 17',
    })
  })

  it('lets five bodies be open, and a place is free when one ends', async () => {
    const large = Buffer.alloc(8_000_000)
    const source = document(info(), tracks(), cluster({ blocks: [{ data: large }, { data: large }] }))
    await using emulator = await startEmulator({
      limits: { fragmentMediaPerSecond: Number.POSITIVE_INFINITY },
    })
    const stream = await emulator.addStream({ name: 'door', source })
    const client = archivedClient(emulator)
    const list = [String(stream.fragments[0]!.number)]
    const bodies: Readable[] = []
    for (let session = 0; session < 5; session++) bodies.push(await openList(client, list))
    await assert.rejects(openList(client, list), { name: 'ConnectionLimitExceededException' })
    bodies[0]!.destroy()
    await emulator.requests[0]!.finished
    bodies.push(await openList(client, list))
    for (const body of bodies) body.destroy()
    await Promise.all(emulator.requests.map(request => request.finished))
    assert.equal(emulator.requests[0]!.endedBy, 'client')
  })

  it('sends so many bytes a second', async () => {
    const clock = new FakeClock()
    const source = document(info(), tracks(), cluster({ blocks: [{ data: Buffer.alloc(100_000) }] }))
    await using emulator = await startEmulator({ clock, limits: { bytesPerSecond: 50_000 } })
    const stream = await emulator.addStream({ name: 'door', source })
    let bytes: Buffer | undefined
    const body = await openList(archivedClient(emulator), [String(stream.fragments[0]!.number)])
    const reading = readAll(body).then(read => {
      bytes = read
    })
    while (bytes === undefined) {
      clock.advance(1)
      await settled()
    }
    await reading
    assert.ok(clock.now() >= (bytes.length / 50_000) * 1000 - 60, `${clock.now()} ms`)
  })

  it('costs as many points as fragments; a list above a second’s 500 passes, and is paid off', async () => {
    const clock = new FakeClock()
    await using emulator = await startEmulator({ clock })
    await emulator.addStream({ name: 'door' })
    const outcomes: (string | undefined)[] = []
    const list = async (count: number) => {
      const opened = openList(archivedClient(emulator), Array(count).fill('1'))
      outcomes.push(
        await opened.then(
          body => void body.destroy(),
          (error: Error) => error.name,
        ),
      )
      await emulator.requests.at(-1)!.finished
    }
    await list(1000)
    clock.advance(1000)
    await list(1)
    clock.advance(1000)
    await list(500)
    await list(1)
    const limited = 'ClientLimitExceededException'
    assert.deepEqual(outcomes, [undefined, limited, undefined, limited])
  })

  const wrong: [what: string, input: object, name: string][] = [
    ['no stream', { Fragments: ['1'] }, 'InvalidArgumentException'],
    ['an unknown stream', { StreamName: 'gate', Fragments: ['1'] }, 'ResourceNotFoundException'],
    ['no list', { StreamName: 'door' }, 'InvalidArgumentException'],
    ['an empty list', { StreamName: 'door', Fragments: [] }, 'InvalidArgumentException'],
    ['a list of 1001', { StreamName: 'door', Fragments: Array(1001).fill('1') }, 'InvalidArgumentException'],
    ['a number that is none', { StreamName: 'door', Fragments: ['1', '0x2'] }, 'InvalidArgumentException'],
    [
      'a number of 129 digits',
      { StreamName: 'door', Fragments: ['1'.repeat(129)] },
      'InvalidArgumentException',
    ],
  ]
  for (const [what, input, name] of wrong) {
    it(`answers ${name} to ${what}`, async () => {
      const { emulator } = await withDoor(1)
      await using _ = emulator
      await assert.rejects(
        archivedClient(emulator).send(new GetMediaForFragmentListCommand(input as never)),
        (error: Error & { $metadata: { requestId?: string } }) => {
          assert.deepEqual([error.name, error.$metadata.requestId], [name, emulator.requests[0]!.requestId])
          return true
        },
      )
    })
  }

  it('is denied to keys that may not call it', async () => {
    const credentials = [
      { accessKeyId: 'test', secretAccessKey: 'test', deny: ['ListFragments', 'GetMediaForFragmentList'] },
    ]
    const { emulator } = await withDoor(1, { credentials })
    await using _ = emulator
    const client = archivedClient(emulator)
    await assert.rejects(client.send(new ListFragmentsCommand(between(0, 1))), {
      name: 'NotAuthorizedException',
    })
    await assert.rejects(openList(client, ['1']), { name: 'NotAuthorizedException' })
  })
})
