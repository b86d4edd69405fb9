import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FragmentEnd } from '../../lib/get-media/events.ts'
import { FragmentAssembler } from '../../lib/get-media/fragment-assembler.ts'
import { MkvReader } from '../../lib/matroska/reader/mkv-reader.ts'
import { cluster, document, info, tags, tracks } from '../support/mkv-builder.ts'

const NOTIFICATION = 'AWS_KINESISVIDEO_NOTIFICATION'
const IMAGE = 'AWS_KINESISVIDEO_IMAGE_GENERATION'
const PREFIX = 'AWS_KINESISVIDEO_IMAGE_PREFIX'

/** The end of a fragment with these Tags elements after its Cluster. */
function endOf(...elements: readonly Uint8Array[]): FragmentEnd {
  const reader = new MkvReader()
  const assembler = new FragmentAssembler({ fragmentEnd: 'document', errorTags: 'report' })
  reader.push(document(info(), tracks(), cluster({ blocks: [{}] }), ...elements))
  reader.end()
  const ends: FragmentEnd[] = []
  for (let event = reader.next(); event !== undefined; event = reader.next()) {
    for (let out = assembler.push(event); out !== undefined; out = assembler.next()) {
      if (out.type === 'fragment-end') ends.push(out)
    }
  }
  return ends[0]!
}

describe('a fragment’s events', () => {
  it('are those that its producer put on it, with all their pairs in their order', () => {
    const pairs = Array.from({ length: 10 }, (_, index) => ({ name: `key${index % 9}`, value: `${index}` }))
    const packed = pairs.map(({ name, value }) => [name, value] as const)
    const { events, tags: byName } = endOf(
      tags([[NOTIFICATION, ''], ...packed]),
      tags([[IMAGE, ''], [PREFIX, 'front/door'], ...packed]),
      tags({ place: 'door' }),
    )
    assert.deepEqual(events, [
      { type: 'notification', imagePrefix: null, pairs },
      { type: 'image-generation', imagePrefix: 'front/door', pairs },
    ])
    assert.deepEqual([byName[NOTIFICATION], byName[IMAGE], byName[PREFIX]], ['', '', 'front/door'])
    assert.deepEqual([byName.key0, byName.key1, byName.place], ['9', '1', 'door'])
  })

  it('keep two of one kind apart, and pairs nested in the event’s tag', () => {
    const { events } = endOf(
      tags({ [NOTIFICATION]: { zone: '1' } }),
      tags([
        [NOTIFICATION, ''],
        ['zone', '2'],
      ]),
    )
    assert.deepEqual(
      events.map(({ pairs }) => pairs),
      [[{ name: 'zone', value: '1' }], [{ name: 'zone', value: '2' }]],
    )
  })

  it('take an image prefix from an element of its own', () => {
    assert.deepEqual(endOf(tags({ [IMAGE]: '' }), tags({ [PREFIX]: 'a' })).events, [
      { type: 'image-generation', imagePrefix: 'a', pairs: [] },
    ])
    assert.deepEqual(endOf(tags({ [PREFIX]: 'a' })).events, [
      { type: 'image-generation', imagePrefix: 'a', pairs: [] },
    ])
  })

  it('are none where there are only tags', () => {
    assert.deepEqual(endOf(tags({ place: 'door' }), tags({ AWS_KINESISVIDEO_OTHER: 'x' })).events, [])
  })
})
