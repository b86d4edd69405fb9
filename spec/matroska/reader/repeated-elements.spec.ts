import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { MkvEvent } from '../../../lib/matroska/reader/events.ts'
import { cluster, document, fragment, info, type TrackOptions, tracks } from '../../support/mkv-builder.ts'
import { eventsOf, readMkv } from '../read-mkv.ts'

const heads: readonly Buffer[][] = [
  [info(), tracks()],
  [info(), tracks([{ codecId: 'A_AAC', type: 'audio' }])],
  [info({ timestampScale: 333_333 }), tracks()],
  [info()],
  [tracks(), info()],
  [info(), tracks([{ name: 'x'.repeat(5000) }])],
]
const documents = fc.array(fc.constantFrom(...heads), { minLength: 1, maxLength: 8 })

/** What an event says, but for where it says it. */
function said(events: readonly MkvEvent[]): string[] {
  return events.map(event =>
    JSON.stringify(event, (key, value) => {
      if (key === 'byteOffset' || key === 'message') return undefined
      return typeof value === 'bigint' ? String(value) : value
    }),
  )
}

const withoutEnd = (events: readonly MkvEvent[]) => events.filter(({ type }) => type !== 'document-end')
const tracksOf = (bytes: Uint8Array) =>
  eventsOf(bytes).flatMap(event => (event.type === 'tracks' ? [event.tracks] : []))

describe('What a document says again', () => {
  it('is told as it is where the document stands alone', () => {
    fc.assert(
      fc.property(documents, list => {
        const each = list.map(head => document(...head, cluster({ blocks: [{ at: 7 }] })))
        const alone = each.flatMap(bytes => said(withoutEnd(eventsOf(bytes))))
        assert.deepEqual(said(withoutEnd(eventsOf(Buffer.concat(each)))), alone)
      }),
    )
  })

  it('is told with its own place', () => {
    const one = fragment({ number: '1' })
    const starts = eventsOf(Buffer.concat([one, one, one])).flatMap(event =>
      event.type === 'document-start' ? [event.byteOffset] : [],
    )
    assert.deepEqual(starts, [0, one.length, 2 * one.length])
  })

  it('gives the very same tracks', () => {
    const one = document(info(), tracks([{ codecPrivate: Buffer.from('private') }]))
    const [first, second] = tracksOf(Buffer.concat([one, one]))
    assert.equal(first![0], second![0])
  })

  it('differs by a byte', () => {
    const named = (name: string): TrackOptions[] => [{ name }]
    const names = ['one', 'one', 'two', 'one'].map(name => document(info(), tracks(named(name))))
    assert.deepEqual(
      tracksOf(Buffer.concat(names)).map(([track]) => track!.name),
      ['one', 'one', 'two', 'one'],
    )
  })

  it('is still refused where it is wrong, each time', () => {
    const wrong = document(info({ timestampScale: 0 }))
    for (const payload of [wrong, Buffer.concat([document(info()), wrong])]) {
      const { error } = readMkv([payload])
      assert.match(String(error), /a TimestampScale of zero/)
    }
  })
})
