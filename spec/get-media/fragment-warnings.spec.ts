import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FragmentEvent } from '../../lib/get-media/events.ts'
import { FragmentAssembler } from '../../lib/get-media/fragment-assembler.ts'
import { Seam } from '../../lib/get-media/resume/seam.ts'
import { eventsOf } from '../matroska/read-mkv.ts'
import { fragment, frame, payload } from '../support/mkv-builder.ts'

function assembled(bytes: Uint8Array): FragmentEvent[] {
  const assembler = new FragmentAssembler({ fragmentEnd: 'token', errorTags: 'raise' })
  const events: FragmentEvent[] = []
  for (const event of eventsOf(bytes)) {
    for (let next = assembler.push(event); next !== undefined; next = assembler.next()) events.push(next)
  }
  return events
}

const chunk = (number: string) =>
  fragment({
    number,
    frames: [{ data: 'a' }, { track: 9, data: 'x' }, { data: 'b' }, { track: 9, data: 'y' }],
  })
const types = (events: readonly FragmentEvent[]) => events.map(({ type }) => type)

describe('FragmentAssembler', () => {
  it('passes a warning on after the start of its fragment, with its number, and the count at the end', () => {
    const events = assembled(payload(chunk('1'), chunk('2')))
    const one = ['fragment-start', 'frame', 'warning', 'frame', 'fragment-end']
    assert.deepEqual(types(events), [...one, ...one])
    const facts = events.flatMap(event => {
      if (event.type === 'warning') return [[event.code, event.track, event.fragmentNumber]]
      return event.type === 'fragment-end' ? [[event.frames, event.skippedBlocks]] : []
    })
    assert.deepEqual(facts, [
      ['undeclared-track', 9, '1'],
      [2, 2],
      ['undeclared-track', 9, '2'],
      [2, 2],
    ])
  })

  it('holds a warning that comes before the start of its fragment', () => {
    const bytes = chunk('1')
    const early = Buffer.concat([
      bytes.subarray(0, bytes.indexOf('1f43b675', 'hex')),
      frame(),
      bytes.subarray(bytes.indexOf('1f43b675', 'hex')),
    ])
    assert.deepEqual(types(assembled(early)).slice(0, 3), ['fragment-start', 'warning', 'frame'])
  })
})

describe('Seam', () => {
  it('gives the warnings of a fragment once, though it is sent again', () => {
    const events = assembled(chunk('1'))
    const seam = new Seam(null)
    seam.beginSession(false)
    const first = events.slice(0, 4).flatMap(event => seam.take(event))
    seam.beginSession(false)
    const second = events.flatMap(event => seam.take(event))
    assert.deepEqual(types([...first, ...second]), [
      'fragment-start',
      'frame',
      'warning',
      'frame',
      'fragment-end',
    ])
    seam.beginSession(false)
    assert.deepEqual(
      events.flatMap(event => seam.take(event)),
      [],
    )
  })
})
