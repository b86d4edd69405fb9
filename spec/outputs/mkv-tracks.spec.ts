import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { EbmlReader, type ElementDefinition, elementDefinition } from '../../lib/matroska/index.ts'
import { schemaPath } from '../../lib/matroska/schema/element.ts'
import { ELEMENT_IDS as ID } from '../../lib/matroska/schema/elements.ts'
import { binary, float, int, master, string, uint } from '../../lib/matroska/writer/writer.ts'
import { MkvFileSink } from '../../lib/outputs/mkv/mkv-file-sink.ts'
import { MkvSegmentMerger } from '../../lib/outputs/mkv/mkv-segment-merger.ts'
import { CLIP } from '../support/fault-run.ts'
import { cluster, document, type FrameOptions, info } from '../support/mkv-builder.ts'
import { requires } from '../support/requirements.ts'
import { countOf, eventsOf, readMkv, run, scratch } from './media.ts'

const TRACK_ENTRY_PATH = 'Segment/Tracks/TrackEntry/'

/** A payload of one document with the tracks as given. */
const payloadOf = (entries: readonly Uint8Array[], frames: readonly FrameOptions[] = [{ keyframe: true }]) =>
  document(info(), master(ID.Tracks, ...entries), cluster({ blocks: frames }))

async function merge(...payloads: readonly Uint8Array[]): Promise<Buffer> {
  return await buffer(Readable.from(await eventsOf(Buffer.concat(payloads))).pipe(new MkvSegmentMerger()))
}

/** What the track entries say, as `path value`, without what says no more than nothing does. */
function factsOf(bytes: Uint8Array): string[] {
  const reader = new EbmlReader({ wants: () => true, maxFrameBytes: 1e6, maxMetadataBytes: 1e6 })
  reader.push(bytes)
  reader.end()
  const facts: string[] = []
  for (let event = reader.next(); event !== undefined; event = reader.next()) {
    if (event.kind !== 'data' || !schemaPath(event.definition).startsWith(TRACK_ENTRY_PATH)) continue
    const value = readable(event.definition, Buffer.from(event.bytes))
    if (value !== String(event.definition.default))
      facts.push(`${schemaPath(event.definition).slice(TRACK_ENTRY_PATH.length)} ${value}`)
  }
  return facts.sort()
}

function readable({ type }: ElementDefinition, bytes: Buffer): string {
  if (type === 'float') return String(bytes.length === 4 ? bytes.readFloatBE() : bytes.readDoubleBE())
  if (type === 'uinteger') return String(BigInt(`0x0${bytes.toString('hex')}`))
  return type === 'string' || type === 'utf-8' ? bytes.toString() : bytes.toString('hex')
}

/** What an output writes in its own way, or cannot hold. */
const OWN: ReadonlySet<number> = new Set([
  ...[ID.TrackNumber, ID.TrackUID, ID.TrackType, ID.FlagLacing, ID.AttachmentLink, ID.ContentEncodings],
  // The times of the frames include it.
  ID.TrackTimestampScale,
])
const DEFINITIONS = Object.values(ID).map(id => elementDefinition(id)!)

/** Any value of an element as long as the schema lets it be there; a master with any of its children. */
function anyElement(definition: ElementDefinition): fc.Arbitrary<Buffer> {
  const { id, name, type } = definition
  switch (type) {
    case 'master':
      return anyChildren(id).map(children => master(id, ...children))
    case 'float':
      return fc.float({ noNaN: true }).map(value => float(id, value, { width: 4 }))
    case 'integer':
      return fc.integer().map(value => int(id, value))
    case 'string':
    case 'utf-8':
      if (id === ID.Language) return fc.constantFrom('eng', 'ger').map(value => string(id, value))
      if (id === ID.LanguageBCP47) return fc.constant(string(id, 'de-CH'))
      return fc.string({ minLength: 1 }).map(value => string(id, value.replaceAll('\0', '_')))
    case 'binary':
      return fc.uint8Array({ maxLength: 40 }).map(value => binary(id, value))
    default:
      return (name.startsWith('Flag') ? fc.nat(1) : fc.nat()).map(value => uint(id, value))
  }
}

function anyChildren(parentId: number): fc.Arbitrary<Buffer[]> {
  const definitions = DEFINITIONS.filter(({ id, parentId: at }) => at === parentId && !OWN.has(id))
  const options = definitions.map(definition => fc.option(anyElement(definition)))
  return fc.tuple(...options).map(children => children.filter(child => child !== null))
}

/** What every track has. */
const basics = [uint(ID.TrackNumber, 1), uint(ID.TrackUID, 77), uint(ID.TrackType, 1)]

describe('the track entries of a Matroska output', () => {
  it('say all that the schema has, as it was sent', async () => {
    const property = fc.asyncProperty(anyChildren(ID.TrackEntry), async children => {
      const sent = payloadOf([master(ID.TrackEntry, ...basics, uint(ID.FlagLacing, 0), ...children)])
      // A codec id, and a picture's width and height, are always written.
      const isThere = (fact: string) => !/^(CodecID |Video\/Pixel(Width|Height) 0)$/.test(fact)
      assert.deepEqual(factsOf(await merge(sent)).filter(isThere), factsOf(sent).filter(isThere))
    })
    await fc.assert(property, { numRuns: 150 })
  })

  it('say the longest durations that there are', async () => {
    const longest = [ID.DefaultDuration, ID.CodecDelay, ID.SeekPreRoll].map(id => uint(id, 2n ** 64n - 1n))
    const sent = payloadOf([master(ID.TrackEntry, ...basics, string(ID.CodecID, 'V_TEST'), ...longest)])
    const durations = (bytes: Uint8Array) =>
      factsOf(bytes).filter(fact => fact.endsWith(` ${2n ** 64n - 1n}`))
    assert.deepEqual([durations(await merge(sent)), durations(sent).length], [durations(sent), 3])
  })

  it('have a UID each, also where none or the same was sent', async () => {
    const entry = (number: number, ...uid: number[]) =>
      master(
        ID.TrackEntry,
        uint(ID.TrackNumber, number),
        uint(ID.TrackType, 1),
        ...uid.map(value => uint(ID.TrackUID, value)),
      )
    const sent = payloadOf([entry(1, 2), entry(2), entry(3, 0), entry(4, 2)])
    const [tracks] = readMkv(await merge(sent)).flatMap(event =>
      event.type === 'tracks' ? [event.tracks] : [],
    )
    assert.deepEqual(
      tracks?.map(({ uid }) => uid),
      [2n, 3n, 4n, 5n],
    )
  })

  const withUid = (uid: number, ...more: Uint8Array[]) =>
    master(ID.TrackEntry, uint(ID.TrackNumber, 1), uint(ID.TrackUID, uid), uint(ID.TrackType, 1), ...more)
  const colour = (primaries: number) => master(ID.Video, master(ID.Colour, uint(ID.Primaries, primaries)))
  const changes: [name: string, first: Uint8Array, second: Uint8Array, headers: number][] = [
    ['no new UID', withUid(1, colour(9)), withUid(2, colour(9)), 1],
    ['no default that is written out', withUid(1), withUid(1, uint(ID.FlagDefault, 1)), 1],
    ['another colour', withUid(1, colour(9)), withUid(1, colour(1)), 2],
    ['another flag', withUid(1), withUid(1, uint(ID.FlagForced, 1)), 2],
    ['an element without a field', withUid(1), withUid(1, uint(ID.MaxBlockAdditionID, 1)), 2],
  ]
  for (const [name, first, second, headers] of changes) {
    it(`begin a segment of their own for ${name}`.replace('for no', 'not for a'), async () => {
      const merged = await merge(payloadOf([first]), payloadOf([second]))
      assert.equal(countOf(merged, 'tracks'), headers)
    })
  }
})

describe('an encrypted track in a Matroska output', () => {
  const keyId = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
  const encryption = (...more: Uint8Array[]) =>
    master(
      ID.ContentEncoding,
      uint(ID.ContentEncodingType, 1),
      master(
        ID.ContentEncryption,
        uint(ID.ContentEncAlgo, 5),
        binary(ID.ContentEncKeyID, keyId),
        master(ID.ContentEncAESSettings, uint(ID.AESSettingsCipherMode, 1)),
      ),
      ...more,
    )
  const stripping = master(
    ID.ContentEncoding,
    uint(ID.ContentEncodingOrder, 1),
    master(
      ID.ContentCompression,
      uint(ID.ContentCompAlgo, 3),
      binary(ID.ContentCompSettings, Buffer.of(0x01)),
    ),
  )
  const entry = (...encodings: Uint8Array[]) =>
    master(
      ID.TrackEntry,
      ...basics,
      string(ID.CodecID, 'V_VP9'),
      binary(ID.CodecPrivate, Buffer.from('private')),
      master(ID.Video, uint(ID.PixelWidth, 320), uint(ID.PixelHeight, 240)),
      master(ID.ContentEncodings, ...encodings),
    )
  /** As WebM has it: a signal byte, an initialization vector, and what only the key opens. */
  const secret = Buffer.concat([Buffer.of(0x01), Buffer.from('vector: '), Buffer.from('enciphered')])
  const framesOf = (bytes: Uint8Array) =>
    readMkv(bytes).flatMap(event => (event.type === 'frame' ? [Buffer.from(event.data)] : []))
  const encodingsOf = (bytes: Uint8Array) =>
    factsOf(bytes).filter(fact => fact.startsWith('ContentEncodings/'))

  it('keeps its frames as they were sent, and what a player needs to ask for the key', async () => {
    const sent = payloadOf([entry(encryption())], [{ keyframe: true, data: secret }])
    const merged = await merge(sent)
    assert.deepEqual(framesOf(merged), [secret])
    assert.deepEqual(encodingsOf(merged), encodingsOf(sent))
    assert.equal(encodingsOf(merged).length, 4)
  })

  it('has its encryption alone where a compression above it was undone', async () => {
    const sent = payloadOf([entry(stripping, encryption())], [{ keyframe: true, data: secret.subarray(1) }])
    const merged = await merge(sent)
    assert.deepEqual(framesOf(merged), [secret])
    assert.deepEqual(encodingsOf(merged), encodingsOf(payloadOf([entry(encryption())])))
  })

  it('is known to mkvinfo, with its key', requires('mkvinfo'), async () => {
    await using directory = await scratch()
    const path = directory.file('secret.mkv')
    const sent = payloadOf([entry(encryption())], [{ keyframe: true, data: secret }])
    await pipeline(Readable.from(await eventsOf(sent)), new MkvFileSink({ path }))
    const { stdout } = await run('mkvinfo', ['-a', path])
    assert.match(stdout, /Content encryption\n.*algorithm: 5 \(AES/)
    assert.match(stdout, /Encryption key ID: .*0x00 0x11 0x22 0x33/)
  })
})

/** Facts of a picture and of sound, as a user gives them to mkvmerge; none of them is what a player takes for granted. */
const PICTURE = [
  ...['--track-name', '0:gate', '--language', '0:de-CH', '--default-track-flag', '0:no'],
  ...['--forced-display-flag', '0:yes', '--visual-impaired-flag', '0:yes', '--original-flag', '0:yes'],
  ...['--commentary-flag', '0:no', '--stereo-mode', '0:side_by_side_left_first', '--field-order', '0:1'],
  ...['--cropping', '0:2,4,6,8', '--display-dimensions', '0:640x480'],
  ...[
    '--color-matrix-coefficients',
    '0:9',
    '--color-bits-per-channel',
    '0:10',
    '--chroma-subsample',
    '0:1,1',
  ],
  ...['--chroma-siting', '0:1,2', '--color-range', '0:1', '--color-transfer-characteristics', '0:16'],
  ...['--color-primaries', '0:9', '--max-content-light', '0:1000', '--max-frame-light', '0:400'],
  ...['--chromaticity-coordinates', '0:0.68,0.32,0.265,0.69,0.15,0.06'],
  ...[
    '--white-color-coordinates',
    '0:0.3127,0.329',
    '--max-luminance',
    '0:1000',
    '--min-luminance',
    '0:0.01',
  ],
  ...[
    '--projection-type',
    '0:1',
    '--projection-private',
    `0:${'00'.repeat(20)}`,
    '--projection-pose-yaw',
    '0:12.5',
  ],
]
const SOUND = ['--language', '1:en', '--hearing-impaired-flag', '1:yes', '--text-descriptions-flag', '1:no']

describe(
  'a file of mkvmerge that goes through MkvFileSink',
  requires('ffmpeg', 'ffprobe', 'mkvmerge'),
  () => {
    async function copyOf(directory: { file(name: string): string }) {
      const [opus, source, path] = ['opus.mkv', 'source.mkv', 'copy.mkv'].map(name =>
        directory.file(name),
      ) as [...[opus: string, source: string, path: string]]
      const toOpus = ['-c:v', 'copy', '-c:a', 'libopus', opus]
      await run('ffmpeg', ['-v', 'error', '-i', CLIP, '-map', '0', ...toOpus])
      await run('mkvmerge', ['-q', '-o', source, ...PICTURE, ...SOUND, opus])
      await pipeline(Readable.from(await eventsOf(await readFile(source))), new MkvFileSink({ path }))
      return { source, path }
    }

    it('has tracks of the same properties, as mkvmerge reads them', async () => {
      await using directory = await scratch()
      const { source, path } = await copyOf(directory)
      const propertiesOf = async (file: string): Promise<Record<string, unknown>[]> =>
        JSON.parse((await run('mkvmerge', ['-J', file])).stdout).tracks.map(
          ({ properties }: { properties: Record<string, unknown> }) =>
            // The output begins at zero, and has no tags.
            Object.fromEntries(
              Object.entries(properties).filter(([name]) => !/^(minimum_timestamp|tag_.*)$/.test(name)),
            ),
        )
      const [picture, sound] = await propertiesOf(source)
      assert.deepEqual(await propertiesOf(path), [picture, sound])
      assert.deepEqual(
        [picture?.color_primaries, picture?.stereo_mode, sound?.codec_delay],
        [9, 1, 6_500_000],
      )
    })

    it('has streams of the same colours, mastering display and projection, as ffprobe reads them', async () => {
      await using directory = await scratch()
      const { source, path } = await copyOf(directory)
      const entries =
        'stream=codec_name,color_range,color_space,color_transfer,color_primaries,field_order:stream_disposition:stream_side_data'
      const probe = async (file: string) =>
        (await run('ffprobe', ['-v', 'error', '-show_entries', entries, file])).stdout
      const found = await probe(path)
      assert.equal(found, await probe(source))
      assert.match(found, /color_primaries=bt2020.*Mastering display metadata.*projection=equirectangular/s)
    })
  },
)

describe('the blocks of a Matroska output', () => {
  const track = (...more: Uint8Array[]) => master(ID.TrackEntry, ...basics, ...more)
  const blocksOf = (bytes: Uint8Array) =>
    readMkv(bytes).flatMap(event =>
      event.type === 'frame'
        ? [[event.keyframe, event.invisible, event.discardable, event.durationMs] as const]
        : [],
    )

  it('keep whether they are keyframes, invisible or discardable', async () => {
    const frames: FrameOptions[] = [
      { at: 0, keyframe: true },
      { at: 40, invisible: true },
      { at: 80, discardable: true },
      { at: 120, keyframe: true, invisible: true, discardable: true },
    ]
    const merged = await merge(payloadOf([track()], frames))
    assert.deepEqual(blocksOf(merged), [
      [true, false, false, undefined],
      [false, true, false, undefined],
      [false, false, true, undefined],
      [true, true, true, undefined],
    ])
  })

  it('keep a duration of their own, and then still say whether they are keyframes or invisible', async () => {
    const frames: FrameOptions[] = [
      { at: 0, group: { durationTicks: 40 } },
      { at: 40, group: { durationTicks: 100 } },
      { at: 140, group: { durationTicks: 7, references: [-140] }, invisible: true },
    ]
    const merged = await merge(payloadOf([track(uint(ID.DefaultDuration, 40_000_000))], frames))
    assert.deepEqual(blocksOf(merged), [
      [true, false, false, 40],
      [true, false, false, 100],
      [false, true, false, 7],
    ])
  })

  it('keep the durations of subtitles, as ffprobe reads them', requires('ffprobe'), async () => {
    await using directory = await scratch()
    const path = directory.file('out.mkv')
    const subtitles = master(
      ID.TrackEntry,
      ...[uint(ID.TrackNumber, 1), uint(ID.TrackType, 17), string(ID.CodecID, 'S_TEXT/UTF8')],
    )
    const frames: FrameOptions[] = [
      { at: 0, data: 'one', group: { durationTicks: 1500 } },
      { at: 2000, data: 'two', group: { durationTicks: 250 } },
    ]
    await writeFile(path, await merge(payloadOf([subtitles], frames)))
    const entries = ['-show_entries', 'packet=pts_time,duration_time', '-of', 'csv=p=0', path]
    const { stdout } = await run('ffprobe', ['-v', 'error', ...entries])
    assert.equal(stdout.trim(), '0.000000,1.500000\n2.000000,0.250000')
  })
})
