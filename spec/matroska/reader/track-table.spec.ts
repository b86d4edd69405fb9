import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { TracksEvent } from '../../../lib/matroska/reader/events.ts'
import { cluster, document, info, type TrackOptions, tracks } from '../../support/mkv-builder.ts'
import { eventsOf } from '../read-mkv.ts'

/** The tracks of documents, one after the other, each with a frame of track 1. */
function tracksOf(...documents: readonly (readonly TrackOptions[])[]): TracksEvent['tracks'][] {
  const payload = documents.map(entries =>
    document(info(), tracks(entries), cluster({ blocks: [{ at: 0, data: 'abc' }] })),
  )
  return eventsOf(Buffer.concat(payload)).flatMap(event => (event.type === 'tracks' ? [event.tracks] : []))
}

const alone = (entries: readonly TrackOptions[]) => tracksOf(entries)[0]!

describe('the tracks of one document after the other', () => {
  const camera: TrackOptions = { codecId: 'V_VP9', name: 'camera', codecPrivate: Buffer.from('0102', 'hex') }

  it('are the very same where the documents say the same', () => {
    const [first, second, third] = tracksOf([camera], [camera], [camera])
    assert.ok(first === second && second === third)
  })

  const changes: [what: string, changed: readonly TrackOptions[]][] = [
    ['a text', [{ ...camera, name: 'camerb' }]],
    ['a byte of the CodecPrivate', [{ ...camera, codecPrivate: Buffer.from('0103', 'hex') }]],
    ['the length of the CodecPrivate', [{ ...camera, codecPrivate: Buffer.from('010200', 'hex') }]],
    ['a number', [{ ...camera, number: 2 }]],
    ['a value that is left out', [{ codecId: 'V_VP9', name: 'camera' }]],
    ['the number of tracks', [camera, camera]],
    ['the last of several tracks', [camera, { ...camera, name: 'other' }]],
  ]
  for (const [what, changed] of changes) {
    it(`are read again where ${what} has changed, and where it changes back`, () => {
      assert.deepEqual(tracksOf([camera], changed, [camera]), [
        alone([camera]),
        alone(changed),
        alone([camera]),
      ])
    })
  }

  it('are those that each document has alone, whatever came before', () => {
    const entry = fc.record(
      {
        number: fc.integer({ min: 1, max: 2 }),
        name: fc.constantFrom('a', 'b'),
        codecId: fc.constantFrom('V_VP9', 'V_AV1'),
      },
      { requiredKeys: [] },
    )
    const documents = fc.array(fc.array(entry, { maxLength: 3 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(documents, entries => assert.deepEqual(tracksOf(...entries), entries.map(alone))),
      { numRuns: 100 },
    )
  })

  it('undo the compression that their own document names', () => {
    const stripped = (header: string): TrackOptions[] => [{ headerStripping: Buffer.from(header) }]
    const payload = [stripped('x'), stripped('y'), stripped('x')].map(entries =>
      document(info(), tracks(entries), cluster({ blocks: [{ at: 0, data: 'abc' }] })),
    )
    const texts = eventsOf(Buffer.concat(payload)).flatMap(event =>
      event.type === 'frame' ? [Buffer.from(event.data).toString()] : [],
    )
    assert.deepEqual(texts, ['xabc', 'yabc', 'xabc'])
  })
})
