import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ELEMENT_IDS as ID } from '../../lib/mkv/schema/elements.ts'
import type { Track } from '../../lib/mkv/tracks.ts'
import { master, string, uint } from '../../lib/mkv/writer.ts'
import { document, type TrackOptions, tracks } from '../support/mkv-builder.ts'
import { eventsOf } from './read-mkv.ts'

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
  video: undefined,
  audio: undefined,
  encrypted: false,
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
      {
        ...PLAIN,
        video: { pixelWidth: 640, pixelHeight: 360, displayWidth: undefined, displayHeight: undefined },
      },
    ],
    [
      'of audio',
      { ...CODEC, type: 'audio', audio: { samplingFrequencyHz: 44_100, channels: 2, bitDepth: 16 } },
      { ...PLAIN, type: 'audio', audio: { samplingFrequencyHz: 44_100, channels: 2, bitDepth: 16 } },
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
    assert.deepEqual(track?.audio, { samplingFrequencyHz: 8000, channels: 1, bitDepth: undefined })
  })

  it('with a language in two forms has the newer', () => {
    const entry = master(ID.TrackEntry, string(ID.Language, 'ger'), string(ID.LanguageBCP47, 'de-CH'))
    assert.equal(readTracks(master(ID.Tracks, entry))[0]?.language, 'de-CH')
  })

  it('with a frame duration beyond 2^53 is still read', () => {
    const entry = master(ID.TrackEntry, uint(ID.DefaultDuration, 2n ** 64n - 1n))
    assert.equal(readTracks(master(ID.Tracks, entry))[0]?.defaultDurationMs, 2 ** 64 / 1e6)
  })

  it('keeps its private data apart from the chunk', () => {
    const input = document(tracks([{ codecPrivate: 'abc' }]))
    const [track] = eventsOf(input).flatMap(event => (event.type === 'tracks' ? event.tracks : []))
    assert.notEqual(track?.codecPrivate?.buffer, input.buffer)
  })
})
