import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Track, VideoSettings } from '../../../lib/matroska/reader/tracks.ts'
import { ELEMENT_IDS as ID } from '../../../lib/matroska/schema/elements.ts'
import { float, master, string, uint } from '../../../lib/matroska/writer/writer.ts'
import { crc32, document, type TrackOptions, tracks, voidElement } from '../../support/mkv-builder.ts'
import { eventsOf } from '../read-mkv.ts'

function readTracks(element: Uint8Array): readonly Track[] {
  return eventsOf(document(element)).flatMap(event => (event.type === 'tracks' ? event.tracks : []))
}

const readTrack = (options: TrackOptions) => readTracks(tracks([options]))[0]

const PLAIN: Track = {
  number: 1,
  uid: 1n,
  type: 'video',
  codecId: 'V_TEST',
  codecName: undefined,
  name: undefined,
  language: 'eng',
  codecPrivate: undefined,
  codec: { kind: 'other' },
  defaultDurationMs: undefined,
  codecDelayMs: undefined,
  seekPreRollMs: undefined,
  flags: {
    ...{ enabled: true, default: true, forced: false, hearingImpaired: undefined, visualImpaired: undefined },
    ...{ textDescriptions: undefined, original: undefined, commentary: undefined },
  },
  video: undefined,
  audio: undefined,
  encrypted: false,
  otherElements: undefined,
}
const NO_VIDEO: VideoSettings = {
  ...{ pixelWidth: 0, pixelHeight: 0, displayWidth: undefined, displayHeight: undefined },
  ...{ colour: undefined, otherElements: undefined },
}
const CODEC = { codecId: 'V_TEST' }

describe('a TrackEntry', () => {
  const cases: [name: string, options: TrackOptions, expected: Track][] = [
    ['that says little', CODEC, PLAIN],
    [
      'with a name and a language',
      { ...CODEC, name: 'door', language: 'ger' },
      { ...PLAIN, name: 'door', language: 'ger' },
    ],
    [
      'whose texts end in NUL',
      { ...CODEC, name: 'door', language: 'ger', nul: true },
      { ...PLAIN, name: 'door', language: 'ger' },
    ],
    ['with an empty name', { ...CODEC, name: '' }, { ...PLAIN, name: '' }],
    [
      'with a number over 127 and the largest uid',
      { ...CODEC, number: 300, uid: 2n ** 64n - 1n },
      { ...PLAIN, number: 300, uid: 2n ** 64n - 1n },
    ],
    [
      'with a frame duration',
      { ...CODEC, defaultDurationNs: 33_333_333 },
      { ...PLAIN, defaultDurationMs: 33.333333 },
    ],
    [
      'with private data',
      { ...CODEC, codecPrivate: 'abc' },
      { ...PLAIN, codecPrivate: Uint8Array.from(Buffer.from('abc')) },
    ],
    [
      'of video',
      { ...CODEC, video: { width: 640, height: 360 } },
      { ...PLAIN, video: { ...NO_VIDEO, pixelWidth: 640, pixelHeight: 360 } },
    ],
    [
      'of audio',
      { ...CODEC, type: 'audio', audio: { samplingFrequencyHz: 44_100, channels: 2, bitDepth: 16 } },
      {
        ...{ ...PLAIN, type: 'audio' },
        audio: { samplingFrequencyHz: 44_100, channels: 2, bitDepth: 16, otherElements: undefined },
      },
    ],
    ['of subtitles', { ...CODEC, type: 'subtitle' }, { ...PLAIN, type: 'subtitle' }],
    ['of a type that the schema does not know', { ...CODEC, type: 99 }, { ...PLAIN, type: 'unknown' }],
  ]
  for (const [name, options, expected] of cases)
    it(name, () => assert.deepEqual(readTrack(options), expected))

  it('that is empty', () => {
    const [track] = readTracks(master(ID.Tracks, master(ID.TrackEntry)))
    assert.deepEqual(track, { ...PLAIN, number: 0, uid: undefined, type: 'unknown', codecId: '' })
  })

  it('whose Audio says nothing has the defaults of the schema', () => {
    const [track] = readTracks(master(ID.Tracks, master(ID.TrackEntry, master(ID.Audio))))
    const silent = { samplingFrequencyHz: 8000, channels: 1, bitDepth: undefined, otherElements: undefined }
    assert.deepEqual(track?.audio, silent)
  })

  it('with a language in two forms has the newer', () => {
    const entry = master(ID.TrackEntry, string(ID.Language, 'ger'), string(ID.LanguageBCP47, 'de-CH'))
    assert.equal(readTracks(master(ID.Tracks, entry))[0]?.language, 'de-CH')
  })

  it('with a frame duration beyond 2^53 is still read', () => {
    const entry = master(ID.TrackEntry, uint(ID.DefaultDuration, 2n ** 64n - 1n))
    assert.equal(readTracks(master(ID.Tracks, entry))[0]?.defaultDurationMs, 2 ** 64 / 1e6)
  })

  const entryOf = (...children: Uint8Array[]) =>
    readTracks(master(ID.Tracks, master(ID.TrackEntry, ...children)))[0]

  it('tells what a decoder gives too much, and what it needs before a seek', () => {
    const track = entryOf(uint(ID.CodecDelay, 6_500_000), uint(ID.SeekPreRoll, 80_000_000))
    assert.deepEqual([track?.codecDelayMs, track?.seekPreRollMs], [6.5, 80])
  })

  it('tells what players choose it by', () => {
    const track = entryOf(
      ...[uint(ID.FlagEnabled, 0), uint(ID.FlagDefault, 0), uint(ID.FlagForced, 1)],
      ...[uint(ID.FlagHearingImpaired, 1), uint(ID.FlagVisualImpaired, 0), uint(ID.FlagTextDescriptions, 1)],
      ...[uint(ID.FlagOriginal, 0), uint(ID.FlagCommentary, 1)],
    )
    assert.deepEqual(track?.flags, {
      ...{ enabled: false, default: false, forced: true, hearingImpaired: true, visualImpaired: false },
      ...{ textDescriptions: true, original: false, commentary: true },
    })
  })

  it('tells its colour, and what it does not say has the defaults of the schema', () => {
    const primaries = uint(ID.Primaries, 9)
    const track = entryOf(master(ID.Video, master(ID.Colour, primaries, uint(ID.MaxCLL, 1000))))
    assert.deepEqual(track?.video, {
      ...NO_VIDEO,
      colour: {
        ...{ matrixCoefficients: 2, transferCharacteristics: 2, primaries: 9, range: 0, bitsPerChannel: 0 },
        maxContentLight: 1000,
        otherElements: Uint8Array.from(uint(ID.MaxCLL, 1000)),
      },
    })
  })

  it('keeps the elements that no field tells as they were sent, without Void, checksums, lacing and timestamp scale', () => {
    const cropping = uint(ID.PixelCropTop, 4, { width: 3 })
    const mapping = master(ID.BlockAdditionMapping, uint(ID.BlockAddIDType, 121))
    const offset = uint(ID.MaxBlockAdditionID, 1, { width: 2 })
    const scale = float(ID.TrackTimestampScale, 1, { width: 4 })
    const track = entryOf(
      ...[crc32(), mapping, uint(ID.FlagLacing, 1), voidElement(9), scale, offset],
      master(ID.Video, uint(ID.PixelWidth, 8), cropping, voidElement(3)),
      master(ID.Audio, uint(ID.Channels, 2), uint(ID.Emphasis, 1)),
    )
    assert.deepEqual(
      [track?.otherElements, track?.video?.otherElements, track?.audio?.otherElements],
      [Buffer.concat([mapping, offset]), cropping, uint(ID.Emphasis, 1)].map(bytes => Uint8Array.from(bytes)),
    )
  })

  it('keeps the older of two languages beside the newer', () => {
    const older = string(ID.Language, 'ger')
    const found = ['de-CH', 'gsw'].map(newer => entryOf(older, string(ID.LanguageBCP47, newer)))
    assert.deepEqual(
      found.map(track => [track?.language, track?.otherElements]),
      [
        ['de-CH', Uint8Array.from(older)],
        // An output can write this one as the older element, of which there is one.
        ['gsw', undefined],
      ],
    )
  })

  it('keeps its private data apart from the chunk', () => {
    const input = document(tracks([{ codecPrivate: 'abc' }]))
    const [track] = eventsOf(input).flatMap(event => (event.type === 'tracks' ? event.tracks : []))
    assert.notEqual(track?.codecPrivate?.buffer, input.buffer)
  })
})
