import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { randomCuts } from '../../support/chunkings.ts'
import {
  cluster,
  document,
  errorChunk,
  fragment,
  info,
  payload,
  tags,
  tracks,
  voidElement,
} from '../../support/mkv-builder.ts'
import { requiresSharedData, sharedData } from '../../support/requirements.ts'

const COMMAND = fileURLToPath(new URL('../../../lib/cli/getmedia.js', import.meta.url))

type Run = { readonly exitCode: number; readonly stdout: string; readonly stderr: string }

/** Runs `getmedia inspect` with bytes on its standard input. */
async function inspect(
  options: readonly string[],
  input: Uint8Array | readonly Uint8Array[] = [],
): Promise<Run> {
  const child = spawn(process.execPath, [COMMAND, 'inspect', ...options], {
    env: { ...process.env, NO_COLOR: '1' },
  })
  // A command that ends early closes its input; that is its right.
  child.stdin.on('error', () => {})
  for (const chunk of input instanceof Uint8Array ? [input] : input) child.stdin.write(chunk)
  child.stdin.end()
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { exitCode, stdout, stderr }
}

/** Lines of JSON exactly as they must be, byte by byte. */
const lines = (...objects: readonly object[]) => objects.map(object => `${JSON.stringify(object)}\n`).join('')
const sha1 = (data: Uint8Array | string) => createHash('sha1').update(data).digest('hex')

const start = (fragmentNumber: string | null, more: object = {}) => ({
  event: 'fragment',
  fragmentNumber,
  producerTimestamp: null,
  serverTimestamp: null,
  tracks: [] as object[],
  ...more,
})
const frameLine = (data: string, more: object = {}) => ({
  event: 'frame',
  track: 1,
  timestampMs: 0,
  keyframe: false,
  size: Buffer.byteLength(data),
  ...more,
  sha1: sha1(data),
})
const end = (fragmentNumber: string | null, more: object = {}) => ({
  event: 'fragment-end',
  fragmentNumber,
  continuationToken: null,
  millisBehindNow: null,
  errorId: null,
  errorCode: null,
  frames: 0,
  bytes: 0,
  tags: {},
  ...more,
})
const VIDEO = { number: 1, type: 'video', codecId: 'V_MPEG4/ISO/AVC', name: null }

const connect = fragment({
  number: '91343852333181432392682062607743920146159169392',
  serverTimestamp: '1726677687.758',
  producerTimestamp: '1726677688.724',
  timestamp: 1_726_677_688_724,
  tracks: [
    {
      type: 'audio',
      codecId: 'A_AAC',
      name: 'AUDIO_FROM_CUSTOMER',
      codecPrivate: Buffer.from('1588', 'hex'),
    },
    { type: 'audio', codecId: 'A_AAC', name: 'AUDIO_TO_CUSTOMER', codecPrivate: Buffer.from('1588', 'hex') },
  ],
  frames: [
    { keyframe: true, data: 'abc' },
    { at: 64, track: 2, data: '' },
    { at: -1, data: ['x', 'yz'], lacing: 'ebml' },
  ],
  tags: { ContactId: 'c', MimeType: 'audio/L16;rate=8000;channels=1;', ['__proto__']: 'p' },
  token: 'T',
  behind: 910,
  producer: 'pic',
  nul: true,
})

const connectLines = [
  {
    event: 'fragment',
    fragmentNumber: '91343852333181432392682062607743920146159169392',
    producerTimestamp: '1726677688.724',
    serverTimestamp: '1726677687.758',
    tracks: [
      { number: 1, type: 'audio', codecId: 'A_AAC', name: 'AUDIO_FROM_CUSTOMER' },
      { number: 2, type: 'audio', codecId: 'A_AAC', name: 'AUDIO_TO_CUSTOMER' },
    ],
  },
  frameLine('abc', { timestampMs: 1_726_677_688_724, keyframe: true }),
  frameLine('', { track: 2, timestampMs: 1_726_677_688_788 }),
  frameLine('x', { timestampMs: 1_726_677_688_723 }),
  // 1024 samples of AAC at 8 kHz later.
  frameLine('yz', { timestampMs: 1_726_677_688_851 }),
  end('91343852333181432392682062607743920146159169392', {
    continuationToken: 'T',
    millisBehindNow: 910,
    frames: 4,
    bytes: 6,
    tags: { ContactId: 'c', MimeType: 'audio/L16;rate=8000;channels=1;' },
  }),
]

const LEADING = fragment({ frames: [{ data: 'whole' }, { data: 'broken' }] })
const plain = { producerTimestamp: '1700000000.000', serverTimestamp: '1700000000.000', tracks: [VIDEO] }
const zeroes = Buffer.alloc(4)
const many = Array.from({ length: 100 }, (_, i) => ({ at: i, data: `frame ${i}` }))
const manyFrames = many.map(({ at, data }) => frameLine(data, { timestampMs: at }))

describe('getmedia inspect - --json --hash prints', { concurrency: 3 }, () => {
  type Case = [name: string, input: Buffer, exitCode: number, stdout: string, stderr: RegExp]
  const cases: Case[] = [
    ['nothing for no bytes', Buffer.alloc(0), 0, '', /^$/],
    [
      'a document without a cluster, and one with nothing at all',
      payload(
        fragment({ number: '5', withoutCluster: true, token: null, behind: null, tags: { a: 'b' } }),
        document(),
      ),
      0,
      lines(start('5', plain), end('5', { tags: { a: 'b' } }), start(null), end(null)),
      /^$/,
    ],
    [
      'clusters of one document as one fragment, on the clock of the segment',
      document(
        info({ timestampScale: 500_000 }),
        tracks([{ name: 'door', codecId: 'V_VP9' }]),
        cluster({ timestamp: 1, blocks: [{ data: 'a', group: {} }] }),
        voidElement(9),
        cluster({
          timestamp: 20,
          blocks: [{ at: -30, data: 'b', group: { references: [-3] } }],
          unknownSize: true,
        }),
        tags([
          ['t', '1'],
          ['t', '2'],
        ]),
      ),
      0,
      lines(
        start(null, { tracks: [{ number: 1, type: 'video', codecId: 'V_VP9', name: 'door' }] }),
        frameLine('a', { timestampMs: 0.5, keyframe: true }),
        frameLine('b', { timestampMs: -5 }),
        end(null, { frames: 2, bytes: 2, tags: { t: '2' } }),
      ),
      /^$/,
    ],
    [
      'errors of the payload in the fragment’s end, and reads on',
      payload(
        errorChunk({ id: 4000, code: 'FRAGMENT_NOT_FOUND', fragmentNumber: '7' }),
        errorChunk({ id: 3000, code: 'gone', spelling: 'archived-media' }),
        fragment({ number: '8' }),
      ),
      0,
      lines(
        start('7'),
        end('7', { errorId: 4000, errorCode: 'FRAGMENT_NOT_FOUND' }),
        start(null),
        end(null, { errorId: 3000, errorCode: 'gone' }),
        start('8', plain),
        frameLine('frame', { keyframe: true }),
        end('8', { continuationToken: '8', millisBehindNow: 0, frames: 1, bytes: 5 }),
      ),
      /^getmedia: the payload holds error 4000 FRAGMENT_NOT_FOUND at fragment 7 in .*\ngetmedia: .* 3000 gone in place of media\n$/,
    ],
    [
      'where a payload is broken off in a frame',
      LEADING.subarray(0, LEADING.indexOf('broken') + 2),
      1,
      lines(start('1', plain), frameLine('whole'), {
        event: 'truncated',
        byteOffset: LEADING.indexOf('broken') + 2,
        fragmentNumber: '1',
      }),
      /^$/,
    ],
    [
      'where a payload is broken off in a header: no fragment of that',
      payload(document(), document().subarray(0, 20)),
      1,
      lines(start(null), end(null), {
        event: 'truncated',
        byteOffset: document().length + 20,
        fragmentNumber: null,
      }),
      /^$/,
    ],
    [
      'nothing for what is no EBML, but says where',
      Buffer.from('{"message":"denied"}'),
      1,
      '',
      /^getmedia: this is no EBML: .* at byte 0\n$/,
    ],
    [
      'every frame before bytes that are wrong, and says where they are',
      Buffer.concat([fragment({ frames: many, token: null, behind: null }), zeroes]),
      1,
      lines(start('1', plain), ...manyFrames),
      /^getmedia: a zero byte where an element id must begin at byte \d+ in Segment\n$/,
    ],
  ]
  for (const [name, input, exitCode, stdout, stderr] of cases) {
    it(name, async () => {
      const run = await inspect(['-', '--json', '--hash'], input)
      assert.deepEqual({ exitCode: run.exitCode, stdout: run.stdout }, { exitCode, stdout })
      assert.match(run.stderr, stderr)
    })
  }

  it('a fragment of two tracks, in whatever portions it comes', async () => {
    const { exitCode, stdout, stderr } = await inspect(['-', '--json', '--hash'], randomCuts(connect, 5))
    // As text, since an object literal has no tag of this name.
    const expected = lines(...connectLines).replace('channels=1;"}', 'channels=1;","__proto__":"p"}')
    assert.deepEqual({ exitCode, stdout, stderr }, { exitCode: 0, stdout: expected, stderr: '' })
  })
})

describe('getmedia inspect', { concurrency: 3 }, () => {
  it('leaves out the hashes that are not asked for', async () => {
    const { stdout } = await inspect(['-', '--json'], fragment({ number: '8' }))
    assert.equal(
      stdout.split('\n')[1],
      '{"event":"frame","track":1,"timestampMs":0,"keyframe":true,"size":5}',
    )
  })

  it('reads a file, and prints a table of it for people', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'getmedia-inspect-'))
    try {
      const path = join(directory, 'a.mkv')
      writeFileSync(path, fragment({ frames: many, tags: { ContactId: 'c' } }))
      const { exitCode, stdout, stderr } = await inspect([path])
      assert.deepEqual([exitCode, stderr], [0, ''])
      assert.match(stdout, /fragment 1 .*V_MPEG4\/ISO\/AVC.*100 frames.*ContactId = c/s)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  const failures: [name: string, options: string[], exitCode: number, stderr: RegExp][] = [
    ['a file that is not there', ['/no/such/file.mkv', '--json'], 1, /^getmedia: ENOENT/],
    ['a directory', [tmpdir(), '--json'], 1, /^getmedia: EISDIR/],
    ['no file', ['--json'], 2, /missing required argument 'file'/],
    ['an option that it does not know', ['-', '--jsno'], 2, /unknown option '--jsno'/],
    ['two files', ['a', 'b'], 2, /too many arguments/],
  ]
  for (const [name, options, exitCode, stderr] of failures) {
    it(`refuses ${name}, with nothing on standard output`, async () => {
      const run = await inspect(options)
      assert.deepEqual([run.exitCode, run.stdout], [exitCode, ''])
      assert.match(run.stderr, stderr)
    })
  }
})

type Expected = {
  readonly truncated: boolean
  readonly frames: readonly {
    track: number
    timecode: number
    scale: number
    key: boolean
    size: number
    sha1: string
  }[]
  readonly fragments: readonly {
    number: string | null
    frames: number
    bytes: number
    continuationToken: string | null
    tags: object
  }[]
}

describe('getmedia inspect - --json --hash agrees with an independent reading of', { concurrency: 3 }, () => {
  const names = [
    'clusters',
    'empty-mkv-with-tags',
    'output-get-media-non-increasing-timecode',
    'output_get_media',
    'test_mixed_tags',
    'test_tags_empty_cluster',
  ]
  for (const name of names) {
    it(`${name}.mkv`, requiresSharedData(`${name}.mkv`, `${name}.expected.json`), async () => {
      const expected = JSON.parse(readFileSync(sharedData(`${name}.expected.json`)!, 'utf8')) as Expected
      const { exitCode, stdout } = await inspect(
        ['-', '--json', '--hash'],
        readFileSync(sharedData(`${name}.mkv`)!),
      )
      const events = stdout
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line))
      const whole = expected.truncated ? expected.fragments.slice(0, -1) : expected.fragments
      assert.deepEqual(
        {
          exitCode,
          frames: events
            .filter(({ event }) => event === 'frame')
            .map(({ event, sha1, ...rest }) => ({ ...rest, sha1: sha1.slice(0, 12) })),
          ends: events
            .filter(({ event }) => event === 'fragment-end')
            .map(end => [end.fragmentNumber, end.continuationToken, end.frames, end.bytes, end.tags]),
          last: events.at(-1).event,
        },
        {
          exitCode: expected.truncated ? 1 : 0,
          frames: expected.frames.map(({ track, timecode, scale, key, size, sha1 }) => ({
            track,
            timestampMs: (timecode * scale) / 1e6,
            keyframe: key,
            size,
            sha1,
          })),
          ends: whole.map(({ number, continuationToken, frames, bytes, tags }) => [
            number,
            continuationToken,
            frames,
            bytes,
            tags,
          ]),
          last: expected.truncated ? 'truncated' : 'fragment-end',
        },
      )
    })
  }
})
