import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { frameDifference, framePrint } from '../../../lib/get-media/resume/frame-print.ts'
import { store } from '../../support/scripted-attempts.ts'

const printOf = (data: Uint8Array) => framePrint({ ...store({ frames: 1 })[0]!.frames[0]!, data })

/** A byte of the frame is another. */
const changed = (data: Uint8Array, at: number) => data.map((byte, index) => (index === at ? byte ^ 1 : byte))

/** A frame's size, and a place in it that its print tells of. */
const toldPlace = fc.integer({ min: 1, max: 6000 }).chain(size => {
  const step = Math.floor((size - 64) / 32)
  const between = Array.from({ length: 32 }, (_, index) => 32 + index * step)
  const told = Array.from({ length: size }, (_, at) => at).filter(
    at => size <= 2048 || at < 32 || at >= size - 32 || between.includes(at),
  )
  return fc.constantFrom(...told).map(at => ({ size, at }))
})

describe('framePrint', () => {
  it('is the same for the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), data => {
        assert.deepEqual(printOf(data), printOf(Buffer.from(data)))
      }),
    )
  })

  it('tells any byte of a frame up to 2,048 bytes, and of a longer one those at both ends and 32 between', () => {
    fc.assert(
      fc.property(toldPlace, ({ size, at }) => {
        const frame = new Uint8Array(size).fill(7)
        assert.equal(frameDifference(printOf(frame), printOf(changed(frame, at))), 'other bytes')
      }),
    )
  })
})
