import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseMimeType } from '../../lib/core/mime-type.ts'
import { ConflictFinder } from '../../lib/get-media/codec-conflicts.ts'
import type { TagRecord } from '../../lib/get-media/events.ts'
import { MkvReader } from '../../lib/matroska/reader/mkv-reader.ts'
import type { Track } from '../../lib/matroska/reader/tracks.ts'
import { document, type TrackOptions, tracks } from '../support/mkv-builder.ts'
import { userTags } from '../support/user-tags.ts'

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')

function tracksOf(...options: readonly TrackOptions[]): readonly Track[] {
  const reader = new MkvReader()
  reader.push(document(tracks(options)))
  for (let event = reader.next(); event !== undefined; event = reader.next()) {
    if (event.type === 'tracks') return event.tracks
  }
  return []
}

const AAC_16_KHZ = bytes('1408')
const WAVE_PCM = bytes('0100 0100 401f0000 803e0000 0200 1000')
const BITMAP = bytes('28000000 80020000 68010000 0100 1800 4d4a5047')
const connect: TrackOptions = {
  type: 'audio',
  codecId: 'A_AAC',
  name: 'AUDIO_FROM_CUSTOMER',
  codecPrivate: AAC_16_KHZ,
}
const pcm: TrackOptions = { type: 'audio', codecId: 'A_PCM/INT/LIT' }
const audio = (samplingFrequencyHz: number) => ({ audio: { samplingFrequencyHz, channels: 1 } })
const L16 = 'audio/L16;rate=8000;channels=1;'
const saysL16 = (track: number) => ({
  track,
  claim: 'A_AAC',
  evidence: `the MimeType tag says ${L16}`,
  message: `track ${track} is marked A_AAC, but the MimeType tag says ${L16}`,
})

const find = (tracks: readonly Track[], tags: TagRecord) =>
  new ConflictFinder().find(tracks, userTags(tags).mimeType)

describe('ConflictFinder', () => {
  const cases: [
    name: string,
    tracks: TrackOptions[],
    tags: Record<string, string | Uint8Array>,
    expected: object[],
  ][] = [
    ['Amazon Connect: A_AAC that is raw PCM', [connect], { MimeType: L16 }, [saysL16(1)]],
    ['each of two such tracks', [connect, connect], { MimeType: L16 }, [saysL16(1), saysL16(2)]],
    ['the tag in any case', [connect], { mimetype: L16 }, [saysL16(1)]],
    ['no video track for an audio type', [{ type: 'video', codecId: 'V_VP9' }], { MimeType: L16 }, []],
    ['nothing where the tag agrees with PCM', [pcm], { MimeType: L16 }, []],
    ['nothing where the tag agrees with AAC', [connect], { MimeType: 'audio/aac' }, []],
    ['nothing where there is no tag', [connect], {}, []],
    ['nothing for a binary tag', [connect], { MimeType: Buffer.from(L16) }, []],
    ['nothing for a tag that says something else', [connect], { MimeType: 'text/plain' }, []],
    [
      'nothing for PCM in a WAVEFORMATEX',
      [{ type: 'audio', codecId: 'A_MS/ACM', codecPrivate: WAVE_PCM }],
      { MimeType: L16 },
      [],
    ],
    [
      'PCM that a tag calls AAC',
      [pcm],
      { MimeType: 'audio/aac' },
      [
        {
          track: 1,
          claim: 'A_PCM/INT/LIT',
          evidence: 'the MimeType tag says audio/aac',
          message: 'track 1 is marked A_PCM/INT/LIT, but the MimeType tag says audio/aac',
        },
      ],
    ],
  ]
  for (const [name, options, tags, expected] of cases) {
    it(`tells ${name}`, () => assert.deepEqual(find(tracksOf(...options), tags), expected))
  }

  const facts: [name: string, track: TrackOptions, evidence: string | undefined][] = [
    [
      'a missing AudioSpecificConfig',
      { type: 'audio', codecId: 'A_AAC' },
      'A_AAC has no CodecPrivate (AudioSpecificConfig)',
    ],
    [
      'another rate in the AudioSpecificConfig',
      { ...connect, ...audio(44_100) },
      'its AudioSpecificConfig says 16000 Hz',
    ],
    ['no half rate, which SBR has', { ...connect, ...audio(32_000) }, undefined],
    ['no rate that agrees', { ...connect, ...audio(16_000) }, undefined],
    [
      'another rate in the WAVEFORMATEX',
      { type: 'audio', codecId: 'A_MS/ACM', codecPrivate: WAVE_PCM, ...audio(16_000) },
      'its WAVEFORMATEX says 8000 Hz',
    ],
    [
      'another width in the BITMAPINFOHEADER',
      { codecId: 'V_MS/VFW/FOURCC', codecPrivate: BITMAP, video: { width: 320, height: 360 } },
      'its BITMAPINFOHEADER says 640',
    ],
    [
      'no width that agrees',
      { codecId: 'V_MS/VFW/FOURCC', codecPrivate: BITMAP, video: { width: 640, height: 360 } },
      undefined,
    ],
    ['nothing of a codec that it does not read', { codecId: 'V_VP9' }, undefined],
  ]
  for (const [name, track, evidence] of facts) {
    it(`tells ${name}`, () => {
      const conflicts = find(tracksOf(track), {})
      assert.deepEqual(
        conflicts.map(conflict => conflict.evidence),
        evidence === undefined ? [] : [evidence],
      )
    })
  }

  it('looks again where the tag or the tracks have changed', () => {
    const finder = new ConflictFinder()
    const ofConnect = tracksOf(connect)
    const counts = [
      finder.find(ofConnect, undefined),
      finder.find(ofConnect, L16),
      finder.find(ofConnect, 'audio/aac'),
      finder.find(ofConnect, L16),
      finder.find(tracksOf(pcm), L16),
      finder.find(tracksOf(connect, connect), L16),
    ].map(conflicts => conflicts.length)
    assert.deepEqual(counts, [0, 1, 0, 1, 0, 2])
  })
})

describe('parseMimeType', () => {
  const cases: [text: string, type: string, parameters: [string, string][]][] = [
    [
      L16,
      'audio/l16',
      [
        ['rate', '8000'],
        ['channels', '1'],
      ],
    ],
    ['audio/AAC', 'audio/aac', []],
    [' audio/l16 ; Rate = 8000 ;; x', 'audio/l16', [['rate', '8000']]],
    ['a/b;c=d=e', 'a/b', [['c', 'd=e']]],
    ['', '', []],
  ]
  for (const [text, type, parameters] of cases) {
    it(`reads "${text}"`, () =>
      assert.deepEqual(parseMimeType(text), { type, parameters: new Map(parameters) }))
  }
})
