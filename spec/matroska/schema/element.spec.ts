import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  ANYWHERE,
  elementDefinition,
  isChildOf,
  ROOT,
  schemaPath,
} from '../../../lib/matroska/schema/element.ts'
import { ELEMENT_ROWS, ELEMENT_IDS as ID } from '../../../lib/matroska/schema/elements.ts'
import { encodeId } from '../../../lib/matroska/writer/writer.ts'

const definition = (id: number) => elementDefinition(id)!

describe('the element table', () => {
  it('holds each id once', () => {
    const ids = ELEMENT_ROWS.map(([id]) => id)
    assert.equal(new Set(ids).size, ids.length)
  })

  it('holds only ids that EBML can write in their own length', () => {
    const written = ELEMENT_ROWS.map(([id]) => Number.parseInt(encodeId(id).toString('hex'), 16))
    assert.deepEqual(
      written,
      ELEMENT_ROWS.map(([id]) => id),
    )
  })

  it('holds the parent of each element, which is a master', () => {
    const parents = ELEMENT_ROWS.map(([, , , parentId]) => parentId).filter(
      id => id !== ROOT && id !== ANYWHERE,
    )
    assert.deepEqual([...new Set(parents.map(id => elementDefinition(id)?.type))], ['master'])
  })

  const rows: [name: keyof typeof ID, type: string, parent: number, fallback: number | string | undefined][] =
    [
      ['EBML', 'master', ROOT, undefined],
      ['Segment', 'master', ROOT, undefined],
      ['Void', 'binary', ANYWHERE, undefined],
      ['CRC-32', 'binary', ANYWHERE, undefined],
      ['Cluster', 'master', ID.Segment, undefined],
      ['SimpleBlock', 'binary', ID.Cluster, undefined],
      ['BlockDuration', 'uinteger', ID.BlockGroup, undefined],
      ['TimestampScale', 'uinteger', ID.Info, 1_000_000],
      ['SamplingFrequency', 'float', ID.Audio, 8000],
      ['TagLanguage', 'string', ID.SimpleTag, 'und'],
    ]
  for (const [name, type, parentId, fallback] of rows) {
    it(`knows ${name}`, () => {
      const {
        id,
        name: found,
        type: foundType,
        parentId: foundParent,
        default: foundDefault,
      } = definition(ID[name])
      assert.deepEqual(
        [id, found, foundType, foundParent, foundDefault],
        [ID[name], name, type, parentId, fallback],
      )
    })
  }

  it('knows no other ids', () => assert.equal(elementDefinition(0x4fff), undefined))
})

describe('isChildOf', () => {
  const cases: [element: keyof typeof ID, parent: number, expected: boolean][] = [
    ['Cluster', ID.Segment, true],
    ['Cluster', ID.Cluster, false],
    ['Tags', ID.Cluster, false],
    ['Segment', ROOT, true],
    ['EBML', ID.Segment, false],
    ['Void', ROOT, true],
    ['CRC-32', ID.Cluster, true],
    ['SimpleTag', ID.Tag, true],
    ['SimpleTag', ID.SimpleTag, true],
    ['SimpleTag', ID.Tags, false],
    ['TagName', ID.SimpleTag, true],
  ]
  for (const [element, parent, expected] of cases) {
    it(`${element} ${expected ? 'may' : 'may not'} lie in ${elementDefinition(parent)?.name ?? 'the top'}`, () =>
      assert.equal(isChildOf(definition(ID[element]), parent), expected))
  }
})

describe('schemaPath', () => {
  const cases: [element: keyof typeof ID, expected: string][] = [
    ['EBML', 'EBML'],
    ['SimpleBlock', 'Segment/Cluster/SimpleBlock'],
    ['TagName', 'Segment/Tags/Tag/SimpleTag/TagName'],
    ['Void', 'Void'],
  ]
  for (const [element, expected] of cases) {
    it(expected, () => assert.equal(schemaPath(definition(ID[element])), expected))
  }
})
