import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FragmentEvent } from '../../../lib/get-media/events.ts'
import { Seam } from '../../../lib/get-media/resume/seam.ts'
import { eventsOf, lineOf, type StoredFragmentOptions, store } from '../../support/scripted-attempts.ts'

/** Events of these fragments, as one session brings them. */
function session(...entries: readonly StoredFragmentOptions[]): FragmentEvent[] {
  return store(...entries).flatMap(fragment => eventsOf(fragment, 'next-document'))
}

function takeAll(seam: Seam, events: readonly FragmentEvent[], isExact = true): string[] {
  seam.beginSession(isExact)
  return events.flatMap(event => seam.take(event).map(lineOf))
}

describe('Seam', () => {
  it('tells where a session is', () => {
    const seam = new Seam(null)
    const positions: string[] = []
    seam.beginSession(true)
    for (const event of session({ frames: 1 })) {
      seam.take(event)
      positions.push(seam.position)
    }
    seam.beginSession(true)
    positions.push(seam.position)
    for (const event of session({ frames: 1 }).slice(0, 2)) {
      seam.take(event)
      positions.push(seam.position)
    }
    assert.deepEqual(positions, ['fragment', 'fragment', 'nothing', 'nothing', 'fragment', 'fragment'])
  })

  it('counts the frames of a session that were left out', () => {
    const seam = new Seam(null)
    takeAll(seam, session({ number: '1', frames: 2 }, { number: '2', frames: 3 }).slice(0, 7))
    takeAll(seam, session({ number: '1', frames: 2 }, { number: '2', frames: 3 }), false)
    assert.equal(seam.framesLeftOut, 4)
  })

  it('leaves a fragment out by its number, however large', () => {
    const seam = new Seam(null)
    const low = { number: `9${'0'.repeat(46)}` }
    const high = { number: `1${'0'.repeat(47)}` }
    takeAll(seam, session(low))
    assert.deepEqual(takeAll(seam, session(low, high), false), takeAll(new Seam(null), session(high)))
  })

  it('leaves out what lies below the fragment that was asked for, by value and not by text', () => {
    const lines = takeAll(new Seam('007'), session({ number: '6' }, { number: '7' }, { number: '10' }))
    assert.deepEqual(lines, takeAll(new Seam(null), session({ number: '7' }, { number: '10' })))
  })

  it('knows a fragment without a number again by its place alone, while it is partly read', () => {
    const seam = new Seam(null)
    const events = session({ number: null, frames: 2 })
    assert.deepEqual(takeAll(seam, events.slice(0, 2)), ['start null', 'null.0'])
    assert.deepEqual(takeAll(seam, events), ['null.1', 'end null'])
  })

  const changes: readonly [string, object][] = [
    ['track 2 in place of 1', { track: 2 }],
    ['timestamp 5 ms in place of 0 ms', { timestampMs: 5 }],
    ['no keyframe any more', { keyframe: false }],
    ['5 bytes in place of 3', { data: 'other' }],
    ['other bytes', { data: '1.X' }],
  ]
  for (const [why, change] of changes) {
    it(`says of a frame that came again otherwise: ${why}`, () => {
      const seam = new Seam(null)
      takeAll(seam, session({ frames: 1 }).slice(0, 2))
      const again = takeAll(seam, session({ frames: [change] }))
      assert.equal(again[0], `changed 1 after 1: its frame 1 has ${why}`)
    })
  }

  it('measures a gap from the last delivered moment, on both clocks, whatever order the frames came in', () => {
    const seam = new Seam(null)
    const frames = [
      { timestampMs: -20, durationMs: 20 },
      { timestampMs: -60, durationMs: 100 },
      { timestampMs: -40 },
    ]
    takeAll(seam, session({ number: '1', frames }))
    const [gap] = takeAll(seam, session({}, { number: '3', frames: 1 }).slice(4), false)
    assert.equal(gap, 'gap 1 to 3: 900 ms')
  })

  it('tells of no gap behind a fragment that is sent again', () => {
    const seam = new Seam(null)
    const events = session({ frames: 1 }, { frames: 1 }, { frames: 1 })
    takeAll(seam, events.slice(0, 4))
    assert.deepEqual(takeAll(seam, events.slice(3), false), ['2.0', 'end 2', 'start 3', '3.0', 'end 3'])
  })

  it('gives a fragment once that one session sends twice', () => {
    const events = session({ frames: 1 })
    assert.deepEqual(takeAll(new Seam(null), [...events, ...events]), ['start 1', '1.0', 'end 1'])
  })

  it('tells of no gap between sessions that start by token or number', () => {
    const seam = new Seam(null)
    takeAll(seam, session({ number: '1' }))
    assert.equal(takeAll(seam, session({ number: '3' }))[0], 'start 3')
  })
})
