import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ElementTree, leafValue } from '../../../lib/matroska/ebml/element-tree.ts'
import { readUint } from '../../../lib/matroska/ebml/values.ts'
import { elementDefinition } from '../../../lib/matroska/schema/element.ts'
import { ELEMENT_IDS as ID } from '../../../lib/matroska/schema/elements.ts'
import { faultOf } from '../read-mkv.ts'

const leaf = (id: number, hex: string) => ({
  definition: elementDefinition(id)!,
  byteOffset: 42,
  bytes: Buffer.from(hex, 'hex'),
})

function treeOf(id: number, ...children: ElementTree['children']): ElementTree {
  const tree = new ElementTree(elementDefinition(id)!, 7)
  tree.children.push(...children)
  return tree
}

describe('ElementTree', () => {
  const info = treeOf(
    ID.Info,
    leaf(ID.TimestampScale, '05'),
    leaf(ID.TimestampScale, '06'),
    leaf(ID.Title, '61'),
    leaf(ID.Duration, '3f800000'),
  )
  const entries = [treeOf(ID.TrackEntry), treeOf(ID.TrackEntry)]
  const list = treeOf(ID.Tracks, entries[0]!, leaf(ID.Void, '00'), entries[1]!)

  it('gives the last of the values that repeat', () => assert.equal(info.uint(ID.TimestampScale), 6))
  it('gives values by type', () =>
    assert.deepEqual(
      [info.string(ID.Title), info.float(ID.Duration), info.uintBig(ID.TimestampScale)],
      ['a', 1, 6n],
    ))
  it('gives undefined for what is not there', () =>
    assert.deepEqual(
      [info.uint(ID.TrackNumber), info.bytes(ID.MuxingApp), info.master(ID.Tracks)],
      [undefined, undefined, undefined],
    ))
  it('gives masters in their order, and the first of them', () =>
    assert.deepEqual(
      [[...list.masters(ID.TrackEntry)], list.master(ID.TrackEntry) === entries[0]],
      [entries, true],
    ))
  it('gives every leaf with an id', () => assert.equal([...info.leaves(ID.TimestampScale)].length, 2))

  it('gives the default of the schema for an empty element, and nothing for an absent one', () => {
    const empty = treeOf(ID.Audio, leaf(ID.SamplingFrequency, ''), leaf(ID.BitDepth, ''))
    assert.deepEqual(
      [empty.float(ID.SamplingFrequency), empty.uint(ID.BitDepth), empty.uint(ID.Channels)],
      [8000, 0, undefined],
    )
  })
})

describe('leafValue', () => {
  it('refuses a length that the type does not have, with the offset and the path', () => {
    assert.throws(
      () => leafValue(leaf(ID.TimestampScale, '000000000000000001'), readUint),
      error => {
        const fault = { code: 'ERR_MKV_SYNTAX', byteOffset: 42, elementPath: 'Segment/Info/TimestampScale' }
        assert.deepEqual(faultOf(error as Error), fault)
        return true
      },
    )
  })
})
