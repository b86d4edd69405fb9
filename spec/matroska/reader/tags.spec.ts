import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { flattenTags, type Tag } from '../../../lib/matroska/reader/tags.ts'
import { ELEMENT_IDS as ID } from '../../../lib/matroska/schema/elements.ts'
import { binary, master, string, uint } from '../../../lib/matroska/writer/writer.ts'
import { document, tags } from '../../support/mkv-builder.ts'
import { eventsOf } from '../read-mkv.ts'

function tagsOf(...elements: readonly Uint8Array[]): readonly Tag[] {
  return eventsOf(document(...elements)).flatMap(event => (event.type === 'tags' ? event.tags : []))
}

/** Name and value of all tags, nested ones too. */
function pairsOf(...elements: readonly Uint8Array[]): unknown[] {
  return Array.from(flattenTags(tagsOf(...elements)), ({ name, value }) => [name, value])
}

const simpleTag = (...children: readonly Buffer[]) =>
  master(ID.Tags, master(ID.Tag, master(ID.SimpleTag, ...children)))
const name = string(ID.TagName, 'n')

describe('tags', () => {
  const cases: [name: string, element: Buffer, expected: unknown[]][] = [
    [
      'come in their order',
      tags({ b: '1', a: '2' }),
      [
        ['b', '1'],
        ['a', '2'],
      ],
    ],
    [
      'may repeat a name',
      tags([
        ['a', '1'],
        ['a', '2'],
      ]),
      [
        ['a', '1'],
        ['a', '2'],
      ],
    ],
    [
      'nest, a parent before its children',
      tags({ a: { b: { c: 'x' }, d: 'y' }, e: 'z' }),
      [
        ['a', ''],
        ['b', ''],
        ['c', 'x'],
        ['d', 'y'],
        ['e', 'z'],
      ],
    ],
    [
      'may have a value and children',
      simpleTag(name, string(ID.TagString, 'v'), master(ID.SimpleTag, string(ID.TagName, 'm'))),
      [
        ['n', 'v'],
        ['m', ''],
      ],
    ],
    ['may be binary', tags({ a: Buffer.from([0, 255]) }), [['a', Uint8Array.of(0, 255)]]],
    ['may be empty', tags({ a: '' }), [['a', '']]],
    ['may be without a value', simpleTag(name), [['n', '']]],
    ['may be without a name', simpleTag(string(ID.TagString, 'v')), [['', 'v']]],
    ['may end in NUL', tags({ a: 'x' }, { nul: true }), [['a', 'x']]],
    [
      'may have any name',
      tags([
        ['__proto__', '1'],
        ['constructor', '2'],
        ['', '3'],
      ]),
      [
        ['__proto__', '1'],
        ['constructor', '2'],
        ['', '3'],
      ],
    ],
    ['may have wide sizes', tags({ a: 'x' }, { sizeWidth: 8 }), [['a', 'x']]],
    ['may be none', master(ID.Tags), []],
    [
      'may be in several Tag elements',
      master(ID.Tags, master(ID.Tag), master(ID.Tag, master(ID.SimpleTag, name))),
      [['n', '']],
    ],
  ]
  for (const [title, element, expected] of cases)
    it(title, () => assert.deepEqual(pairsOf(element), expected))

  it('copy a binary value, which would keep its chunk in memory', () => {
    const input = document(tags({ a: Buffer.from('value') }))
    const [tag] = eventsOf(input).flatMap(event => (event.type === 'tags' ? event.tags : []))
    const value = tag?.simpleTags[0]?.value as Uint8Array
    assert.notEqual(value.buffer, input.buffer)
  })

  it('say what they speak of, and their language', () => {
    const targets = master(
      ID.Targets,
      uint(ID.TargetTypeValue, 30),
      uint(ID.TagTrackUID, 2n ** 64n - 1n),
      uint(ID.TagTrackUID, 5),
    )
    const languages = [
      [string(ID.TagLanguage, 'ger')],
      [string(ID.TagLanguage, 'ger'), string(ID.TagLanguageBCP47, 'de-CH')],
      [],
    ]
    const simpleTags = languages.map(language => master(ID.SimpleTag, name, ...language))
    const [tag] = tagsOf(master(ID.Tags, master(ID.Tag, targets, ...simpleTags)))
    assert.deepEqual(
      [tag?.targetTypeValue, tag?.trackUids, tag?.simpleTags.map(({ language }) => language)],
      [30, [2n ** 64n - 1n, 5n], ['ger', 'de-CH', 'und']],
    )
  })

  it('speak of the whole segment where they do not say', () => {
    const targeted = [tags({ a: '1' }), master(ID.Tags, master(ID.Tag, master(ID.Targets)))]
    assert.deepEqual(
      tagsOf(...targeted).map(({ targetTypeValue, trackUids }) => [targetTypeValue, trackUids]),
      [
        [50, []],
        [50, []],
      ],
    )
  })

  it('take the text where there are text and bytes', () => {
    assert.deepEqual(
      pairsOf(simpleTag(name, binary(ID.TagBinary, Buffer.of(1)), string(ID.TagString, 'v'))),
      [['n', 'v']],
    )
  })

  it('nest as deep as 60 levels', () => {
    const deep = Array.from({ length: 60 }).reduce<Buffer>(
      inner => master(ID.SimpleTag, name, inner),
      Buffer.alloc(0),
    )
    assert.equal(pairsOf(master(ID.Tags, master(ID.Tag, deep))).length, 60)
  })
})
