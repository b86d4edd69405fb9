import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Readable, Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { pipeline as readablePipeline } from 'readable-stream'
import { type Emulator, startEmulator } from '../../lib/emulator/index.ts'
import {
  type FragmentEvent,
  type GetMediaOptions,
  type GetMediaStream,
  getMedia,
  OptionError,
} from '../../lib/index.ts'
import { CLIP } from '../support/fault-run.ts'
import { requiresSharedData, sharedData } from '../support/requirements.ts'

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
/** Frames of the clip; ffprobe counts 320 of video and 201 of audio. */
const CLIP_FRAMES = 521

let emulator: Emulator

before(async () => {
  emulator = await startEmulator({ limits: 'off', idleEndMs: 50 })
  await emulator.addStream({ name: 'door', source: CLIP })
})

after(() => emulator.close())

function openStream(options: Partial<GetMediaOptions> = {}): GetMediaStream {
  return getMedia({
    streamName: 'door',
    region: 'us-east-1',
    credentials,
    controlEndpoint: emulator.url,
    startSelector: { type: 'EARLIEST' },
    until: 'caught-up',
    ...options,
  } as GetMediaOptions)
}

const isFrame = ({ type }: FragmentEvent) => type === 'frame'

describe('getMedia', () => {
  it('gives every frame, by async iteration', async () => {
    const events: FragmentEvent[] = []
    for await (const event of openStream()) events.push(event)
    assert.equal(events.filter(isFrame).length, CLIP_FRAMES)
  })

  it('gives frames their wall-clock time, a frame apart', async () => {
    const times: number[] = []
    for await (const event of openStream()) {
      if (event.type === 'frame' && event.track === 1) times.push(event.wallClock?.getTime() ?? Number.NaN)
    }
    const first = emulator.stream('door').fragments[0]!.producerTimestampMs
    assert.deepEqual(
      times.slice(0, 4).map(time => time - first),
      [0, 40, 80, 120],
    )
  })

  it('adds up what its sessions measured', async () => {
    emulator.faults('door', [{ type: 'cut', atByte: 100_000 }])
    const stream = openStream()
    for await (const _ of stream);
    const { bytes, sessions, averageBytesPerSecond } = stream.metrics
    const sent = emulator.stream('door').fragments.length
    assert.deepEqual([sessions, sent, bytes > 300_000, averageBytesPerSecond > 0], [3, 10, true, true])
  })

  const wrongOptions: [what: string, options: Partial<GetMediaOptions>, option: string][] = [
    ['no stream', { streamName: undefined } as never, 'streamName'],
    ['a name that cannot be', { streamName: 'my door' } as never, 'streamName'],
    ['a start that is none', { startSelector: { type: 'LATEST' } as never }, 'startSelector.type'],
    [
      'a surplus companion',
      { startSelector: { type: 'NOW', timestamp: new Date() } as never },
      'startSelector.timestamp',
    ],
    ['an idle timeout that is none', { idleTimeoutMs: -1 }, 'idleTimeoutMs'],
    ['a pace that is none', { paceBytesPerSecond: 0 }, 'paceBytesPerSecond'],
    ['a limit that is none', { maxFrameBytes: 0.5 }, 'maxFrameBytes'],
    ['an end that is none', { until: 'tomorrow' as never }, 'until'],
    ['retries that are none', { retry: { retries: -1 } }, 'retry.retries'],
    ['a signal that is none', { signal: 'stop' as never }, 'signal'],
  ]
  for (const [what, options, option] of wrongOptions) {
    it(`refuses ${what} at once, and says where`, () => {
      assert.throws(
        () => openStream(options),
        (error: Error) => error instanceof OptionError && error.option.startsWith(option),
      )
    })
  }

  it('makes no call before it is read, and none after it is destroyed', async () => {
    const before = emulator.requests.length
    const stream = openStream()
    stream.destroy()
    await new Promise(resolve => stream.once('close', resolve))
    assert.equal(emulator.requests.length, before)
  })
})

/** The types of readable-stream's pipeline know its own streams only. */
const anyPipeline = promisify(readablePipeline) as unknown as (...streams: unknown[]) => Promise<void>

describe('getMedia fits between other streams:', () => {
  const sizes = () =>
    new Transform({
      objectMode: true,
      transform: (event: FragmentEvent, _encoding, callback) => callback(null, isFrame(event) ? 1 : 0),
    })
  const counter = () => {
    const counted = { frames: 0 }
    const sink = new Writable({
      objectMode: true,
      write: (count: number, _encoding, callback) => {
        counted.frames += count
        callback()
      },
    })
    return { counted, sink }
  }

  it("Node's pipeline, with native streams behind it", async () => {
    const { counted, sink } = counter()
    await pipeline(openStream(), sizes(), sink)
    assert.equal(counted.frames, CLIP_FRAMES)
  })

  it('the pipeline of readable-stream', async () => {
    const { counted, sink } = counter()
    await anyPipeline(openStream(), sizes(), sink)
    assert.equal(counted.frames, CLIP_FRAMES)
  })

  it('a web stream', async () => {
    let frames = 0
    for await (const event of Readable.toWeb(openStream())) if (isFrame(event)) frames++
    assert.equal(frames, CLIP_FRAMES)
  })
})

describe('getMedia frees everything', () => {
  const ends: [how: string, end: (stream: GetMediaStream, abort: AbortController) => unknown][] = [
    ['when its reader breaks off', () => {}],
    ['when it is destroyed', stream => stream.destroy()],
    ['when its signal fires', (_stream, abort) => abort.abort()],
  ]
  for (const [how, end] of ends) {
    it(how, async () => {
      const abort = new AbortController()
      const stream = openStream({ signal: abort.signal, until: 'forever' })
      const closed = new Promise<void>(resolve => stream.once('close', resolve))
      let frames = 0
      try {
        for await (const event of stream) {
          if (isFrame(event)) frames++
          if (frames < 100) continue
          end(stream, abort)
          break
        }
      } catch {}
      await closed
      await Promise.all(emulator.requests.map(({ finished }) => finished))
      assert.deepEqual([emulator.stream('door').openSessions, frames], [0, 100])
    })
  }
})

describe('getMedia over real captures, their sessions broken', () => {
  const captures = [
    'clusters',
    'output_get_media',
    'test_mixed_tags',
    'output-get-media-non-increasing-timecode',
  ]
  for (const name of captures) {
    const files = [`${name}.mkv`, `${name}.expected.json`] as const
    it(
      `${name}.mkv: the frames that an independent reading finds`,
      requiresSharedData(...files),
      async () => {
        const expected = JSON.parse(await readFile(sharedData(files[1])!, 'utf8')) as Reading
        await emulator.addStream({ name, source: sharedData(files[0])! })
        const faults = [3, 40_000, 90_001].map(atByte => ({ type: 'reset' as const, atByte }))
        emulator.faults(name, [
          ...faults,
          { type: 'cut-in-block', block: 5 },
          { type: 'end', atByte: 12_345 },
        ])
        const found: Expected[] = []
        for await (const event of openStream({ streamName: name, streamARN: undefined } as never)) {
          if (event.type === 'frame')
            found.push(describeFrame(event.track, event.timestampMs, event.keyframe, event.data))
        }
        assert.deepEqual(found, wholeFrames(expected))
      },
    )
  }
})

type Reading = {
  readonly truncated: boolean
  readonly fragments: readonly { readonly frames: number }[]
  readonly frames: readonly Expected[]
}

/** The service stores no fragment that is not whole. */
function wholeFrames({ truncated, fragments, frames }: Reading): Expected[] {
  const last = truncated ? fragments.at(-1)!.frames : 0
  return frames
    .slice(0, frames.length - last)
    .map(({ track, timecode, key, size, sha1 }) => ({ track, timecode, key, size, sha1 }))
}

type Expected = { track: number; timecode: number; key: boolean; size: number; sha1: string }

function describeFrame(track: number, timecode: number, key: boolean, data: Uint8Array): Expected {
  const sha1 = createHash('sha1').update(data).digest('hex').slice(0, 12)
  return { track, timecode, key, size: data.length, sha1 }
}
