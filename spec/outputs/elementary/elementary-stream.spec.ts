import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { FragmentEvent } from '../../../lib/index.ts'
import { toLengthPrefixed } from '../../../lib/matroska/codecs/nal-units.ts'
import {
  ElementaryStream,
  type ElementaryStreamOptions,
  type ElementaryTrackEvent,
} from '../../../lib/outputs/elementary/elementary-stream.ts'
import { CLIP } from '../../support/fault-run.ts'
import { type FrameOptions, fragment, payload, type TrackOptions } from '../../support/mkv-builder.ts'
import { eventsOf, scratch } from '../media.ts'
import { AAC_CONFIG, audioTrack } from '../pictures.ts'

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')

const CODE = '00000001'
const SPS = '6742c01e'
const PPS = '68ce3c'
const OTHER_SPS = '6742c01f'
const AVC = bytes(`01 42c01e ff e1 0004 ${SPS} 01 0003 ${PPS}`)
const OTHER_AVC = bytes(`01 42c01f ff e1 0004 ${OTHER_SPS} 01 0003 ${PPS}`)
const VPS265 = '40010c'
const SPS265 = '420101'
const PPS265 = '4401c1'
const HEVC = bytes(
  `01 01 ${'00'.repeat(10)} 5d ${'00'.repeat(8)} 0f 03` +
    [VPS265, SPS265, PPS265].map((set, index) => `${(0x20 + index).toString(16)} 0001 0003 ${set}`).join(''),
)

const units = (...hex: string[]) => Buffer.from(toLengthPrefixed(hex.map(bytes), 4))
const annexB = (...hex: string[]) => bytes(hex.map(unit => CODE + unit).join(''))
const video = (more: Partial<TrackOptions> = {}): TrackOptions => ({ codecPrivate: AVC, ...more })
const h265 = (more: Partial<TrackOptions> = {}): TrackOptions =>
  video({ codecId: 'V_MPEGH/ISO/HEVC', codecPrivate: HEVC, ...more })
const key = (data: Uint8Array, more: Partial<FrameOptions> = {}): FrameOptions => ({
  keyframe: true,
  data,
  ...more,
})

async function write(
  events: readonly FragmentEvent[],
  options: ElementaryStreamOptions = {},
): Promise<{ bytes: Buffer; stage: ElementaryStream; tracks: ElementaryTrackEvent[] }> {
  const stage = new ElementaryStream(options)
  const tracks: ElementaryTrackEvent[] = []
  stage.on('track', (event: ElementaryTrackEvent) => tracks.push(event))
  let written = Buffer.alloc(0)
  await pipeline(Readable.from(events), stage, async (source: AsyncIterable<Uint8Array>) => {
    written = await buffer(source)
  })
  return { bytes: written, stage, tracks }
}

/** The output of one fragment of one track, or of several. */
async function hexOf(
  tracks: readonly TrackOptions[],
  frames: readonly FrameOptions[],
  options: ElementaryStreamOptions = {},
): Promise<string> {
  return (await write(await eventsOf(fragment({ tracks, frames })), options)).bytes.toString('hex')
}

const refused = (pattern: RegExp) => ({ code: 'ERR_OUTPUT', output: 'ElementaryStream', message: pattern })

describe('ElementaryStream of H.264', () => {
  it('writes start codes for lengths, and the parameter sets before each keyframe', async () => {
    const frames = [key(units('6588')), { data: units('4199', '4188') }, key(units('6577'))]
    assert.equal(
      await hexOf([video()], frames),
      annexB(SPS, PPS, '6588', '4199', '4188', SPS, PPS, '6577').toString('hex'),
    )
  })

  it('puts the parameter sets behind the access unit delimiter', async () => {
    const frames = [key(units('09f0', '0605', '6588'))]
    assert.equal(await hexOf([video()], frames), annexB('09f0', SPS, PPS, '0605', '6588').toString('hex'))
  })

  it('adds none where the frame carries its own, and all where it carries some', async () => {
    const own = [key(units(OTHER_SPS, PPS, '6588')), key(units(OTHER_SPS, '6577'))]
    assert.equal(
      await hexOf([video()], own),
      annexB(OTHER_SPS, PPS, '6588', SPS, PPS, OTHER_SPS, '6577').toString('hex'),
    )
  })

  it('knows an IDR picture whose block is not marked as a keyframe', async () => {
    assert.equal(await hexOf([video()], [{ data: units('6588') }]), annexB(SPS, PPS, '6588').toString('hex'))
  })

  it('reads lengths of one and of two bytes', async () => {
    for (const size of [1, 2]) {
      const codecPrivate = Buffer.from(AVC)
      codecPrivate[4] = 0xfc + size - 1
      const data = Buffer.from(toLengthPrefixed([bytes('6588'), bytes('0605')], size))
      assert.equal(
        await hexOf([video({ codecPrivate })], [key(data)]),
        annexB(SPS, PPS, '6588', '0605').toString('hex'),
      )
    }
  })

  it('passes Annex B as it is, with parameter sets where they are missing', async () => {
    const frames = [
      key(bytes('00000001 09f0 000001 6588 00')),
      { data: bytes('000001 4199') },
      key(annexB(SPS, PPS, '6577')),
      key(annexB('6566')),
    ]
    assert.equal(
      await hexOf([video()], frames),
      bytes(
        `00000001 09f0 ${CODE}${SPS} ${CODE}${PPS} 000001 6588 00  000001 4199` +
          `${CODE}${SPS} ${CODE}${PPS} ${CODE}6577  ${CODE}${SPS} ${CODE}${PPS} ${CODE}6566`,
      ).toString('hex'),
    )
  })

  it('takes parameter sets from a CodecPrivate in Annex B', async () => {
    const track = video({ codecPrivate: annexB(SPS, PPS) })
    assert.equal(await hexOf([track], [key(annexB('6588'))]), annexB(SPS, PPS, '6588').toString('hex'))
  })

  it('begins with the first keyframe whose parameter sets are known, and counts the frames before', async () => {
    const track: TrackOptions = { type: 'video' }
    const frames = [{ data: units('4199') }, key(units('6588')), key(units(SPS, PPS, '6577'))]
    const { bytes: written, stage } = await write(await eventsOf(fragment({ tracks: [track], frames })))
    assert.equal(written.toString('hex'), annexB(SPS, PPS, '6577').toString('hex'))
    assert.equal(stage.skippedFrames, 2)
  })

  it('writes every frame if told to, the parameter sets before the first', async () => {
    const events = await eventsOf(fragment({ tracks: [video()], frames: [{ data: units('4199') }] }))
    const { bytes: written, stage } = await write(events, { startAtKeyframe: false })
    assert.equal(written.toString('hex'), annexB(SPS, PPS, '4199').toString('hex'))
    assert.equal(stage.skippedFrames, 0)
  })

  it('fails at the end where decoding can begin nowhere', async () => {
    await assert.rejects(
      hexOf([video()], [{ data: units('4199') }, { data: units('4188') }]),
      refused(/of 2 frames not one could be written: no keyframe.*startAtKeyframe/),
    )
    await assert.rejects(hexOf([{ type: 'video' }], [key(units('6588'))]), refused(/has no CodecPrivate/))
  })

  it('writes the new parameter sets where the codec data change, also within a group of pictures', async () => {
    const events = await eventsOf(
      payload(
        fragment({ number: '1', tracks: [video()], frames: [key(units('6588'))] }),
        fragment({ number: '2', tracks: [video({ uid: 7 })], frames: [{ data: units('4199') }] }),
        fragment({
          number: '3',
          tracks: [video({ codecPrivate: OTHER_AVC })],
          frames: [{ data: units('4188') }, { data: units('4177') }],
        }),
      ),
    )
    const { bytes: written, tracks } = await write(events)
    assert.equal(
      written.toString('hex'),
      annexB(SPS, PPS, '6588', '4199', OTHER_SPS, PPS, '4188', '4177').toString('hex'),
    )
    assert.deepEqual(
      tracks.map(({ track, format }) => [track.codecPrivate?.length, format]),
      [
        [AVC.length, 'annexb'],
        [OTHER_AVC.length, 'annexb'],
      ],
    )
  })

  it('fails for a frame whose lengths do not add up, and says where', async () => {
    await assert.rejects(
      hexOf([video()], [key(bytes('00000009 6588'))]),
      refused(/4-byte lengths.*6 bytes.*fragment 1.*track 1/),
    )
  })
})

describe('ElementaryStream of H.265', () => {
  it('writes VPS, SPS and PPS before each random access point, behind the delimiter', async () => {
    const frames = [
      key(units('460150', '2601aa')),
      { data: units('0201bb') },
      // A CRA picture, in a block that is not marked.
      { data: units('2a01cc') },
    ]
    assert.equal(
      await hexOf([h265()], frames),
      annexB(
        ...['460150', VPS265, SPS265, PPS265, '2601aa', '0201bb'],
        ...[VPS265, SPS265, PPS265, '2a01cc'],
      ).toString('hex'),
    )
  })
})

describe('ElementaryStream of AAC', () => {
  const aac = (codecPrivate: Uint8Array | undefined, frame: Uint8Array, options?: ElementaryStreamOptions) =>
    hexOf([audioTrack(codecPrivate === undefined ? {} : { codecPrivate })], [key(frame)], options)

  it('puts an ADTS header before each frame', async () => {
    // LC, 44.1 kHz, stereo; 7 + 2 bytes.
    assert.equal(await aac(bytes('1210'), bytes('2110')), 'fff1508001 3ffc 2110'.replaceAll(' ', ''))
  })

  it('writes HE-AAC as its core', async () => {
    assert.equal((await aac(bytes('2b92 0800'), bytes('2110'))).slice(0, 8), 'fff15c80')
  })

  it('passes frames that have their header', async () => {
    assert.equal(await aac(bytes('1210'), bytes('fff150800 13ffc 2110')), 'fff15080013ffc2110')
  })

  it('writes a frame of 8184 bytes, and not one of 8185', async () => {
    const longest = Buffer.alloc(8184, 0x21)
    assert.equal((await aac(AAC_CONFIG, longest)).length / 2, 8191)
    await assert.rejects(
      aac(AAC_CONFIG, Buffer.alloc(8185)),
      refused(/no room for a frame of 8185 bytes.*MkvFileSink/),
    )
  })

  const unfit: [name: string, config: string, message: RegExp][] = [
    ['channels that only the stream tells of', '1200', /channel configuration 0/],
    ['an object type over 4', 'f8e8 2000', /object type 39/],
    ['a rate without an index', '1780 1f41 10', /sample rate/],
  ]
  for (const [name, config, message] of unfit) {
    it(`has no header for ${name}`, () => assert.rejects(aac(bytes(config), bytes('21')), refused(message)))
  }

  it('advises what may be right for an A_AAC without codec data', async () => {
    const track: TrackOptions = { type: 'audio' }
    await assert.rejects(hexOf([track], [key(bytes('21'))]), refused(/no CodecPrivate.*format: 'pcm'/))
    assert.equal(await hexOf([track], [key(bytes('21'))], { format: 'pcm' }), '21')
  })
})

describe('ElementaryStream of samples', () => {
  const audio = { samplingFrequencyHz: 8000, channels: 1, bitDepth: 16 }
  const waveFormat = (tag: string) => bytes(`${tag} 0100 401f0000 401f0000 0100 0800`)
  const cases: [name: string, track: TrackOptions][] = [
    ['PCM', { type: 'audio', codecId: 'A_PCM/INT/LIT', audio }],
    ['big-endian PCM', { type: 'audio', codecId: 'A_PCM/INT/BIG', audio }],
    ['mu-law', { type: 'audio', codecId: 'A_MS/ACM', codecPrivate: waveFormat('0700') }],
    ['A-law', { type: 'audio', codecId: 'A_MS/ACM', codecPrivate: waveFormat('0600') }],
    ["Amazon Connect's PCM, which is marked A_AAC", { type: 'audio', name: 'AUDIO_FROM_CUSTOMER' }],
  ]
  for (const [name, track] of cases) {
    it(`writes ${name} as it came`, async () =>
      assert.equal(await hexOf([track], [key(bytes('0102')), key(bytes('0304'))]), '01020304'))
  }

  it('fails where the samples become others', async () => {
    const track: TrackOptions = { type: 'audio', codecId: 'A_PCM/INT/LIT', audio }
    const faster = { ...track, audio: { ...audio, samplingFrequencyHz: 16_000 } }
    const events = await eventsOf(
      payload(fragment({ number: '1', tracks: [track] }), fragment({ number: '2', tracks: [faster] })),
    )
    await assert.rejects(write(events), refused(/8000 1 16.*16000 1 16.*write a file for each/))
  })
})

describe('ElementaryStream chooses its track', () => {
  const both = [video({ name: 'front' }), audioTrack({ name: 'microphone', codecPrivate: bytes('1210') })]
  const frames = [key(units('6588')), key(bytes('2110'), { track: 2 })]
  const heads: [name: string, options: ElementaryStreamOptions, head: string][] = [
    ['the first that can be written', {}, `${CODE}67`],
    ['by number', { track: 2 }, 'fff150'],
    ['by name', { track: 'microphone' }, 'fff150'],
    ['by format', { format: 'adts' }, 'fff150'],
  ]
  for (const [name, options, head] of heads) {
    it(name, async () => assert.equal((await hexOf(both, frames, options)).slice(0, head.length), head))
  }

  it('and passes over one that cannot be written', async () => {
    const other = video({ codecId: 'V_VP9' })
    assert.equal(await hexOf([other, both[1]!], frames), 'fff15080013ffc2110')
  })

  it('and knows it again by its name where its number is another', async () => {
    const track = (name: string): TrackOptions => ({ type: 'audio', name })
    const part = (number: string, names: string[]) =>
      fragment({
        number,
        tracks: names.map(track),
        frames: names.map((name, index) => key(Buffer.from(name.slice(6, 8)), { track: index + 1 })),
      })
    const names = ['AUDIO_FROM_CUSTOMER', 'AUDIO_TO_CUSTOMER']
    const events = await eventsOf(payload(part('1', names), part('2', names.toReversed())))
    assert.equal(String((await write(events)).bytes), 'FRFR')
  })

  it('and waits for it in fragments that lack it', async () => {
    const events = await eventsOf(
      payload(
        fragment({ number: '1', tracks: both, frames }),
        fragment({ number: '2', tracks: [video()], frames: [key(units('6577'))] }),
      ),
    )
    assert.equal((await write(events, { track: 'microphone' })).bytes.length, 9)
  })

  it('and does not look at a header without frames', async () => {
    const events = await eventsOf(
      payload(
        fragment({ number: '1', tracks: [video({ codecId: 'V_VP9' })], frames: [] }),
        fragment({ number: '2', tracks: both, frames }),
      ),
    )
    assert.ok((await write(events)).bytes.length > 0)
  })

  it('and says what there is where it is not there', async () => {
    const there = '1 "front" \\(V_MPEG4/ISO/AVC\\), 2 "microphone" \\(A_AAC\\)'
    await assert.rejects(
      hexOf(both, frames, { track: 'back' }),
      refused(new RegExp(`no track "back".*${there}`)),
    )
    await assert.rejects(hexOf(both, frames, { track: 3 }), refused(new RegExp(`no track 3.*${there}`)))
    await assert.rejects(hexOf(both, frames, { format: 'pcm' }), refused(/no track of PCM or G.711/))
    await assert.rejects(hexOf([video({ codecId: 'V_VP9' })], frames), refused(/no track of H.264.*V_VP9/))
  })

  it('and does not write a track as what it is not', async () => {
    await assert.rejects(
      hexOf(both, frames, { track: 2, format: 'annexb' }),
      refused(/A_AAC.*format: 'adts'/),
    )
    await assert.rejects(hexOf(both, frames, { format: 'h265' }), refused(/no track of H.265.*V_MPEG4/))
    await assert.rejects(
      hexOf(both, frames, { track: 1, format: 'h265' }),
      refused(/cannot be written as H.265; .*format: 'annexb'/),
    )
    assert.equal((await hexOf(both, frames, { format: 'h264' })).slice(0, 10), `${CODE}67`)
    const vp9 = [video({ codecId: 'V_VP9' })]
    await assert.rejects(hexOf(vp9, frames, { track: 1 }), refused(/V_VP9.*MkvFileSink/))
  })

  it('and fails where its codec changes', async () => {
    const events = await eventsOf(
      payload(
        fragment({ number: '1', tracks: [video()], frames: [key(units('6588'))] }),
        fragment({ number: '2', tracks: [h265()], frames: [key(units('2601aa'))] }),
      ),
    )
    await assert.rejects(write(events), refused(/V_MPEG4\/ISO\/AVC.*became.*V_MPEGH\/ISO\/HEVC/))
  })

  it('and refuses an encrypted one', async () => {
    const events = await eventsOf(fragment({ tracks: both, frames }))
    const encrypted = events.map(event =>
      event.type === 'fragment-start'
        ? { ...event, tracks: event.tracks.map(track => ({ ...track, encrypted: true })) }
        : event,
    )
    await assert.rejects(write(encrypted), refused(/encrypted/))
  })
})

describe('ElementaryStream as a stream', () => {
  it('gives nothing of nothing', async () => assert.equal((await write([])).bytes.length, 0))

  it('refuses options that are none', () => {
    const wrong: unknown[] = [
      { track: 0 },
      { track: '' },
      { track: 1.5 },
      { format: 'h263' },
      { startAtKeyframe: 1 },
    ]
    for (const options of wrong) {
      assert.throws(() => new ElementaryStream(options as ElementaryStreamOptions), {
        code: 'ERR_INVALID_OPTION',
      })
    }
  })

  it('ends with an AbortError when its signal fires', async () => {
    const controller = new AbortController()
    const stage = new ElementaryStream({ signal: controller.signal })
    const failure = new Promise(resolve => stage.once('error', resolve))
    controller.abort()
    assert.equal(((await failure) as { code?: string }).code, 'ERR_ABORTED')
  })

  it('stops taking events while nobody reads', async () => {
    const events = await eventsOf(
      fragment({ tracks: [video()], frames: [key(Buffer.concat([units('6588'), Buffer.alloc(4)]))] }),
    )
    const [start, frame] = events
    const big = units(`65${'aa'.repeat(20_000)}`)
    let taken = 0
    function* endless() {
      yield start
      for (;;) {
        taken++
        yield { ...frame, track: 1, keyframe: true, data: big }
      }
    }
    const stage = new ElementaryStream()
    Readable.from(endless()).pipe(stage)
    await new Promise(resolve => stage.once('readable', resolve))
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
    assert.ok(taken > 4 && taken < 64, `${taken} frames`)
    stage.destroy()
  })

  it('ends quietly when the reader of its pipe has gone, used as the page says', async () => {
    await using directory = await scratch()
    await copyFile(CLIP, directory.file('camera.mkv'))
    const root = fileURLToPath(new URL('../../..', import.meta.url))
    const example = join(root, 'docs/examples/elementary-stream.ts')
    const tsx = fileURLToPath(import.meta.resolve('tsx'))
    // The clip does not fit into a pipe that nobody reads.
    const script = `"$1" --import "$2" "$3" | head -c 100 | wc -c; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = await promisify(execFile)(
      'bash',
      ['-c', script, 'bash', process.execPath, tsx, example],
      {
        cwd: directory.path,
        env: { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') },
      },
    )
    assert.deepEqual(stdout.split(/\s+/).filter(Boolean), ['100', '0'])
    assert.equal(stderr, 'annexb: V_MPEG4/ISO/AVC, 320x240\n')
  })
})
