import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { crc32ByTable, framePrint } from '../../../lib/stages/resume/frame-print.ts'
import { store } from '../../support/scripted-attempts.ts'

describe('framePrint', () => {
  it('holds a checksum that is the same on every Node', () => {
    const [frame] = store({ frames: 1 })[0]!.frames
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), data => {
        assert.equal(framePrint({ ...frame!, data }).crc, crc32ByTable(data))
      }),
    )
    assert.equal(crc32ByTable(Buffer.from('123456789')), 0xcbf43926)
  })
})
