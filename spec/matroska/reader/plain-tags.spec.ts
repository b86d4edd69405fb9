import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readPlainTags } from '../../../lib/matroska/reader/plain-tags.ts'
import { ELEMENT_IDS as ID } from '../../../lib/matroska/schema/elements.ts'
import { binary, element, master, string, uint } from '../../../lib/matroska/writer/writer.ts'
import { cutEvery } from '../../support/chunkings.ts'
import { document, segmentHead, tags } from '../../support/mkv-builder.ts'
import { digest, eventsOf, readMkv } from '../read-mkv.ts'

/** Elements of tags, each where it belongs or elsewhere, of any widths, some unknown, empty, or no tag's at all. */
const IDS = [
  ...[ID.Tag, ID.SimpleTag, ID.Targets, ID.TagName, ID.TagString, ID.TagLanguage, ID.TagLanguageBCP47],
  ...[ID.TagBinary, ID.TagTrackUID, ID.TargetTypeValue, ID.TagDefault, ID.Void, ID['CRC-32'], ID.Title],
]
const leaf = fc
  .oneof(fc.string({ maxLength: 6 }), fc.string({ unit: 'binary', maxLength: 6 }))
  .map(Buffer.from)
const sizes = fc.constantFrom({}, { sizeWidth: 2 }, { sizeWidth: 8 })
const { content } = fc.letrec<{ content: Buffer; one: Buffer }>(tie => ({
  content: fc.array(tie('one'), { maxLength: 4, depthIdentifier: 'tags' }).map(list => Buffer.concat(list)),
  one: fc
    .tuple(
      fc.constantFrom(...IDS),
      fc.oneof({ depthIdentifier: 'tags', maxDepth: 4 }, leaf, tie('content')),
      sizes,
    )
    .map(([id, payload, size]) => element(id, payload, size)),
}))
const usual = fc
  .array(fc.tuple(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 })), { maxLength: 4 })
  .map(pairs => tags(pairs))

/** An empty EBML header, and a Segment of unknown size: nothing that costs memory before the tags. */
const ebmlHead = Buffer.concat([master(ID.EBML), segmentHead()])

const plain = (payload: Buffer) => readPlainTags(payload, 0, payload.length)
const name = string(ID.TagName, 'n')
const tag = (...children: Buffer[]) => master(ID.Tag, ...children)

describe('readPlainTags', () => {
  it('makes what reading element by element makes, errors too', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          usual,
          content.map(bytes => element(ID.Tags, bytes)),
        ),
        odd => {
          const payload = document(odd, tags({ last: '1' }))
          assert.equal(digest(readMkv([payload])), digest(readMkv(cutEvery(payload, 1))))
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('makes what reading element by element makes of tags that are cut or overwritten', () => {
    fc.assert(
      fc.property(usual, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 3 }), (bytes, at, others) => {
        const wrong = Buffer.from(bytes)
        wrong.set(others.subarray(0, wrong.length), at % Math.max(1, wrong.length - others.length))
        const payload = document(wrong)
        assert.equal(digest(readMkv([payload])), digest(readMkv(cutEvery(payload, 1))))
      }),
      { numRuns: 1000 },
    )
  })

  it('keeps to the limit of metadata, to the byte', () => {
    const small = fc.array(fc.constantFrom(tag(), tag(master(ID.SimpleTag)), tag(name)), { maxLength: 3 })
    fc.assert(
      fc.property(small, fc.integer({ min: 1, max: 700 }), (list, maxMetadataBytes) => {
        const payload = Buffer.concat([ebmlHead, master(ID.Tags, ...list)])
        const whole = readMkv([payload], { maxMetadataBytes })
        assert.equal(digest(whole), digest(readMkv(cutEvery(payload, 1), { maxMetadataBytes })))
      }),
      { numRuns: 1000 },
    )
  })

  const usuals: [title: string, payload: Buffer][] = [
    ['of texts', tag(master(ID.SimpleTag, name, string(ID.TagString, 'v')))],
    ['of none', Buffer.alloc(0)],
    ['whose later name counts', tag(master(ID.SimpleTag, string(ID.TagName, 'former'), name))],
    ['with a language', tag(master(ID.SimpleTag, name, string(ID.TagLanguage, 'eng')))],
    ['of a track', tag(master(ID.Targets, uint(ID.TargetTypeValue, 50), uint(ID.TagTrackUID, 1)))],
    ['with wide sizes', element(ID.Tag, element(ID.SimpleTag, name, { sizeWidth: 8 }), { sizeWidth: 4 })],
  ]
  for (const [title, payload] of usuals) {
    it(`reads tags ${title}`, () => {
      const [event] = eventsOf(document(element(ID.Tags, payload))).filter(({ type }) => type === 'tags')
      assert.deepEqual(plain(payload), event?.type === 'tags' && event.tags)
    })
  }

  const others: [title: string, payload: Buffer][] = [
    ['nested ones', tag(master(ID.SimpleTag, name, master(ID.SimpleTag, name)))],
    ['bytes', tag(master(ID.SimpleTag, name, binary(ID.TagBinary, Buffer.of(1))))],
    ['targets twice', tag(master(ID.Targets), master(ID.Targets))],
    ['an empty language, which has a default', tag(master(ID.SimpleTag, string(ID.TagLanguage, '')))],
    ['an unknown size', element(ID.Tag, Buffer.alloc(0), { unknownSize: true })],
    ['an element outrunning its parent', tag(master(ID.SimpleTag, name).subarray(0, -1))],
    ['a number of nine bytes', tag(master(ID.Targets, binary(ID.TagTrackUID, Buffer.alloc(9))))],
    ['an element of elsewhere', tag(string(ID.Title, 'x'))],
  ]
  for (const [title, payload] of others) {
    it(`leaves ${title} to others`, () => assert.equal(plain(payload), undefined))
  }
})
