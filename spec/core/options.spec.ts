import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { closestName } from '../../lib/core/closest-name.ts'
import { knownOptions } from '../../lib/core/options.ts'
import { startEmulator } from '../../lib/emulator/index.ts'
import {
  CueExtractor,
  ElementaryStream,
  FileSink,
  getMedia,
  HlsWriter,
  KeyframeSampler,
  MkvChunkDemuxer,
  MkvFileSink,
  MkvSegmentMerger,
  Mp4FileSink,
  Mp4Remuxer,
  OptionError,
  PutMediaSink,
  RetryingResumer,
  SignedGetMediaSource,
  SnapshotWriter,
  TagExtractor,
  TagTable,
  ThrottleGuard,
  WavWriter,
} from '../../lib/index.ts'
import { MkvReader } from '../../lib/matroska/index.ts'
import { FakeClock } from '../support/fake-clock.ts'

type Options = Readonly<Record<string, unknown>>
type Made = { destroy?(): unknown; close?(): Promise<void> } | undefined

/** A class or function of the package, and good values of all its options, as a user of JavaScript gives them. */
type Entry = readonly [name: string, make: (options: Options) => Made | Promise<Made>, options: Options]

const { signal } = new AbortController()
const clock = new FakeClock()
const call: Options = {
  ...{ streamName: 'door', region: 'us-west-2', endpoint: 'http://127.0.0.1:1', signal, clock },
  ...{ controlEndpoint: 'http://127.0.0.1:1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } },
  ...{ connectTimeoutMs: 1, responseTimeoutMs: 1, admissionTimeoutMs: 1 },
}
const startSelector = { type: 'NOW' }
const retry = { retries: 1, factor: 2, minTimeout: 1, maxTimeout: 1 }
const limits = { maxFrameBytes: 1, maxMetadataBytes: 1 }
const random = () => 0
const rotate = { everyMs: 1, bytes: 1, fragments: 1 }

/** A constructor that takes whatever a user of JavaScript gives it. */
const made = (Class: unknown) => (options: Options) => Reflect.construct(Class as never, [options]) as Made

const ENTRIES: readonly Entry[] = [
  [
    'getMedia',
    options => getMedia(options as never),
    {
      ...{ ...call, ...limits, startSelector, retry, random, until: 'caught-up', idleTimeoutMs: 1 },
      paceBytesPerSecond: 1,
    },
  ],
  ['SignedGetMediaSource', made(SignedGetMediaSource), { ...call, startSelector, idleTimeoutMs: 1 }],
  ['ThrottleGuard', made(ThrottleGuard), { paceBytesPerSecond: 1, clock }],
  ['MkvChunkDemuxer', made(MkvChunkDemuxer), { ...limits, signal }],
  ['TagExtractor', made(TagExtractor), { fragmentEnd: 'token', errorTags: 'raise', signal }],
  [
    'RetryingResumer',
    made(RetryingResumer),
    {
      ...{ startSelector, retry, random, signal, clock, until: 'forever' },
      attempt: () => [],
      reportsAdmission: false,
    },
  ],
  [
    'PutMediaSink',
    made(PutMediaSink),
    {
      ...{ ...call, retry, random, fragmentTimecodeType: 'RELATIVE', producerStartTimestamp: new Date(0) },
      ...{ contentType: 'video/h264', durability: 'received', maxUnacknowledgedBytes: 1, maxSessionMs: 1 },
      ...{ ackTimeoutMs: 1, realtime: false },
    },
  ],
  [
    'CueExtractor',
    made(CueExtractor),
    { format: 'srt', track: 1, defaultDurationMs: 1, gaps: 'keep', signal },
  ],
  ['ElementaryStream', made(ElementaryStream), { track: 1, format: 'adts', startAtKeyframe: true, signal }],
  ['FileSink', made(FileSink), { path: 'a', signal }],
  [
    'HlsWriter',
    made(HlsWriter),
    {
      ...{ directory: 'a', segmentMs: 1, windowSegments: 3, onExisting: 'replace', gaps: 'close' },
      ...{ onUnsupportedTrack: 'error', signal },
    },
  ],
  ['KeyframeSampler', made(KeyframeSampler), { everyMs: 1, track: 1, signal }],
  ['KeyframeSampler', made(KeyframeSampler), { everyNth: 1 }],
  ['MkvFileSink', made(MkvFileSink), { path: 'a', gaps: 'keep', onTrackChange: 'error', rotate, signal }],
  ['MkvSegmentMerger', made(MkvSegmentMerger), { gaps: 'keep', onTrackChange: 'error', signal }],
  [
    'Mp4FileSink',
    made(Mp4FileSink),
    { ...{ path: 'a', gaps: 'keep', onTrackChange: 'error', rotate, signal }, onUnsupportedTrack: 'error' },
  ],
  [
    'Mp4Remuxer',
    made(Mp4Remuxer),
    { gaps: 'keep', onTrackChange: 'error', onUnsupportedTrack: 'error', chunkMs: 1, signal },
  ],
  [
    'SnapshotWriter',
    made(SnapshotWriter),
    {
      ...{ directory: 'a', path: '{time}.jpg', quality: 3, ffmpegPath: 'ffmpeg', timeoutMs: 1 },
      ...{ everyMs: 1, track: 1, signal },
    },
  ],
  ['TagTable', made(TagTable), { format: 'csv', tagColumns: [], signal }],
  [
    'WavWriter',
    made(WavWriter),
    {
      ...{ directory: 'a', layout: 'stereo', tracks: ['a'], onContactChange: 'stop', contactId: 'a' },
      ...{ contactTag: 'a', jitterToleranceMs: 1, longestSilenceMs: 1, signal },
      format: { sampleRateHz: 8000, channels: 1, encoding: 's16le' },
    },
  ],
  ['MkvReader', made(MkvReader), limits],
  [
    'startEmulator',
    options => startEmulator(options as never),
    {
      ...{ host: '127.0.0.1', port: 0, accountId: '123456789012', idleEndMs: 1, idleEnd: 'end' },
      ...{
        limits: { getMediaSessions: 3 },
        sessionLifetimeMs: 1,
        unknownFragment: 'next',
        signatures: 'check',
      },
      ...{ missingFragment: 'end', clockSkewMs: 0, transitionMs: 0, idleConnections: 1, clock, random },
      ...{ storage: 'memory', memoryBytes: 1, bufferMs: 1, bufferBytes: 1, fragmentLimits: { maxTags: 1 } },
      ...{ fragmentOrder: 'frames', putIdleAckMs: 1, putIdleEndMs: 1, putSessionLifetimeMs: 1 },
    },
  ],
]

async function use([, make, options]: Entry, changed: Options = options): Promise<void> {
  const value = await make(changed)
  value?.destroy?.()
  await value?.close?.()
}

/** The same letters, as a hurried or an AWS-minded user writes them. */
const SLIPS: readonly ((name: string) => string)[] = [
  name => name.charAt(0).toUpperCase() + name.slice(1),
  name => name.replace(/[A-Z]+/g, letters => `_${letters.toLowerCase()}`),
  name => name.slice(0, -1),
  name => `${name.slice(0, -2)}${name.at(-1)}${name.at(-2)}`,
]

describe('every option of the package', () => {
  for (const entry of ENTRIES) {
    const [name, , options] = entry
    it(`${name} takes ${Object.keys(options).join(', ')}`, () => use(entry))

    it(`${name} refuses what is nearly an option, before anything is done, and says what it is called`, async () => {
      for (const [option, value] of Object.entries(options)) {
        for (const slip of SLIPS.map(write => write(option))) {
          if (Object.hasOwn(options, slip) || slip.length < 3) continue
          await assert.rejects(
            async () => use(entry, { ...options, [slip]: value }),
            (error: Error) =>
              error instanceof OptionError && error.option === slip && !error.message.includes('[object'),
            slip,
          )
        }
      }
    })

    it(`${name} takes an unknown name whose value is undefined for absent`, () =>
      use(entry, { ...options, whatever: undefined }))
  }
})

describe('a misspelt option', () => {
  const door = { ...call, startSelector }
  const mistakes: [what: string, make: () => unknown, option: string, meant: string][] = [
    [
      'StartSelector',
      () => getMedia({ ...door, StartSelector: 1 } as never),
      'StartSelector',
      'startSelector',
    ],
    ['streamArn', () => getMedia({ ...door, streamArn: 'a' } as never), 'streamArn', 'streamARN'],
    ['idleTimeout', () => getMedia({ ...door, idleTimeout: 1 } as never), 'idleTimeout', 'idleTimeoutMs'],
    ['region_name', () => getMedia({ ...door, region_name: 'a' } as never), 'region_name', 'region'],
    [
      'startSelector.fragmentnumber',
      () => getMedia({ ...door, startSelector: { type: 'FROM_FRAGMENT', fragmentnumber: '1' } } as never),
      ...(['startSelector.fragmentnumber', 'startSelector.fragmentNumber'] as const),
    ],
    [
      'retry.retry',
      () => getMedia({ ...door, retry: { retry: 1 } } as never),
      'retry.retry',
      'retry.retries',
    ],
    [
      'retry.minTimeoutMs',
      () => new PutMediaSink({ ...call, retry: { minTimeoutMs: 1 } } as never),
      ...(['retry.minTimeoutMs', 'retry.minTimeout'] as const),
    ],
    [
      'rotate.everyMS',
      () => new MkvFileSink({ path: 'a', rotate: { everyMS: 1 } } as never),
      ...(['rotate.everyMS', 'rotate.everyMs'] as const),
    ],
    [
      'format.sampleRate',
      () => new WavWriter({ directory: 'a', format: { sampleRate: 1 } } as never),
      ...(['format.sampleRate', 'format.sampleRateHz'] as const),
    ],
  ]
  for (const [what, make, option, meant] of mistakes) {
    it(`${what} is an error that names ${meant}`, () => {
      assert.throws(make, (error: Error) => {
        assert.ok(error instanceof OptionError)
        assert.deepEqual([error.code, error.option], ['ERR_INVALID_OPTION', option])
        assert.match(error.message, new RegExp(`did you mean \`${meant}\``))
        return true
      })
    })
  }

  it('of the emulator is an error, in its limits and faults too', async () => {
    const wrong: [options: object, option: string, meant: string][] = [
      [{ idleEnds: 1 }, 'idleEnds', 'idleEnd'],
      [{ limits: { sessions: 1 } }, 'limits.sessions', 'limits.getMediaSessions'],
      [{ fragmentLimits: { maxtags: 1 } }, 'fragmentLimits.maxtags', 'fragmentLimits.maxTags'],
    ]
    for (const [options, option, meant] of wrong) {
      await assert.rejects(startEmulator(options), (error: Error) => {
        assert.ok(error instanceof OptionError && error.option === option, String(error))
        assert.match(error.message, new RegExp(`did you mean \`${meant}`))
        return true
      })
    }
    await using emulator = await startEmulator()
    await emulator.addStream({ name: 'door' })
    const door = emulator.stream('door')
    assert.throws(
      () => emulator.faults('door', [{ type: 'cut', atBytes: 1 } as never]),
      /faults\[0\]\.atByte`\?/,
    )
    assert.throws(
      () => emulator.randomFaults('door', { seed: 1, types: [], maxBytes: 1 } as never),
      /random\.maxByte`/,
    )
    await assert.rejects(
      emulator.addStream({ name: 'yard', retentionInHours: 1 } as never),
      /dataRetentionInHours/,
    )
    await assert.rejects(door.load('x.mkv', { producerstart: 1 } as never), /`producerStart`/)
    await assert.rejects(door.playLive('x.mkv', { Loop: true } as never), /`loop`/)
  })

  it('never shows its value, which may be a secret', () => {
    assert.throws(
      () => knownOptions('it', { secretKey: 'hush' }, ['key']),
      (error: Error) => !/hush/.test(error.message),
    )
  })

  it('is found where it is inherited, and an inherited option is taken', () => {
    assert.throws(
      () => knownOptions('it', Object.create({ Region: 'a' }), ['region']),
      /did you mean `region`/,
    )
    getMedia(Object.create({ ...door }) as never).destroy()
  })

  it('that is like none gets the list of those that are there', () => {
    assert.throws(
      () => new TagTable({ highWaterMark: 1 } as never),
      /its options are `format`, `tagColumns`, `signal`/,
    )
  })

  it('in place of an object is an error too', () => {
    for (const options of ['door', 5, null, ['door']]) {
      assert.throws(() => getMedia(options as never), { code: 'ERR_INVALID_OPTION', option: 'options' })
    }
  })
})

describe('closestName', () => {
  const names = ['streamName', 'streamARN', 'region', 'idleTimeoutMs', 'startSelector']

  it('finds a name again after one slip of the pen', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), fc.constantFrom('', 'x', 'Q'), (name, at, instead) => {
        const index = at % name.length
        const slipped = name.slice(0, index) + instead + name.slice(index + 1)
        assert.equal(closestName(slipped, names), name)
      }),
    )
  })

  it('finds none for a word that is like no name', () => {
    for (const word of ['', 'x', 'highWaterMark', 'objectMode', 'verbose'])
      assert.equal(closestName(word, names), undefined)
  })
})
