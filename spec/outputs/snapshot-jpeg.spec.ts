import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { exifSegment, type PictureFacts } from '../../lib/outputs/snapshots/exif.ts'
import { readJpeg, withExif } from '../../lib/outputs/snapshots/jpeg.ts'
import { requires } from '../support/requirements.ts'
import { run, scratch } from './media.ts'

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')

/** A frame header of 8 by 16 pixels, Huffman tables, a scan, an end. */
const FRAME = 'ffc0 000b 08 0010 0008 01 011100'
const TABLES = 'ffc4 0003 00'
const SCAN = 'ffda 0008 01 0100 003f00 00 ffd9'
const WHOLE = bytes(`ffd8 ${FRAME} ${TABLES} ${SCAN}`)

const FACTS: PictureFacts = {
  takenAt: new Date('2020-09-13T12:26:40.007Z'),
  description: 'track 1',
  width: 8,
  height: 16,
}

describe('readJpeg', () => {
  it('reads the size, and what is there', () => {
    const facts = { width: 8, height: 16, hasExif: false, hasHuffmanTables: true }
    assert.deepEqual(readJpeg(WHOLE), facts)
    assert.deepEqual(readJpeg(Buffer.concat(withExif(WHOLE, FACTS))), { ...facts, hasExif: true })
    assert.deepEqual(readJpeg(bytes(`ffd8 ${FRAME} ${SCAN}`)), { ...facts, hasHuffmanTables: false })
  })

  it('passes over what may stand between segments', () => {
    const filled = bytes(`ffd8 ffff ${FRAME} ff01 ff${TABLES} ${SCAN}`)
    assert.deepEqual([readJpeg(filled)?.width, readJpeg(filled)?.hasHuffmanTables], [8, true])
  })

  const none: [name: string, hex: string][] = [
    ['nothing', ''],
    ['another format', '89504e470d0a1a0a'],
    ['one without an end', `ffd8 ${FRAME} ${TABLES} ffda 0008 01 0100 003f00 00`],
    ['one without a scan', `ffd8 ${FRAME} ffd9 0000`],
    ['one without a frame', `ffd8 ${TABLES} ${SCAN}`],
    ['one with bytes between', `ffd8 00 ${FRAME} ${SCAN}`],
  ]
  for (const [name, hex] of none)
    it(`takes ${name} for none`, () => assert.equal(readJpeg(bytes(hex)), undefined))

  it('reads any bytes without running off their end', () => {
    const marker = fc.constantFrom(0xff, 0xc0, 0xc4, 0xda, 0xd9, 0xe1, 0x00, 0x08, 0x10)
    fc.assert(
      fc.property(fc.array(marker, { maxLength: 80 }), raw => {
        const facts = readJpeg(Uint8Array.of(0xff, 0xd8, ...raw, 0xff, 0xd9))
        assert.ok(facts === undefined || (facts.width >= 0 && facts.height >= 0))
      }),
    )
  })
})

describe('exifSegment', () => {
  it('is as long as it says', () => {
    for (const description of ['', 'x', 'xyz', 'x'.repeat(100_000)]) {
      const segment = exifSegment({ ...FACTS, description })
      assert.equal(segment.readUInt16BE(2), segment.length - 2)
    }
  })

  it('gives no time that has no four digits for its year', () => {
    const withTime = exifSegment(FACTS).toString('latin1')
    assert.ok(withTime.includes('2020:09:13 12:26:40\0') && withTime.includes('007\0'))
    for (const takenAt of [null, new Date(8.64e15), new Date(-8.64e15)]) {
      const segment = exifSegment({ ...FACTS, takenAt }).toString('latin1')
      assert.doesNotMatch(segment, /\d:\d|\+00:00/)
    }
  })

  it(
    'is read by a program that nobody here wrote, whatever the description',
    requires('ffmpeg', 'ffprobe'),
    async () => {
      await using directory = await scratch()
      const path = directory.file('picture.jpg')
      await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=64x48', '-frames:v', '1', path])
      const picture = await readFile(path)
      const descriptions = ['', 'a', 'ab', 'abc', 'abcd', 'Tür "1"', 'x'.repeat(2000)]
      const read: string[] = []
      for (const description of descriptions) {
        await writeFile(path, Buffer.concat(withExif(picture, { ...FACTS, description })))
        const entries = ['-show_entries', 'frame_tags=ImageDescription,DateTimeOriginal,SubSecTimeOriginal']
        const { stdout, stderr } = await run('ffprobe', ['-v', 'error', ...entries, '-of', 'json', path])
        const { tags } = JSON.parse(stdout).frames[0]
        assert.deepEqual(
          [tags.DateTimeOriginal, tags.SubSecTimeOriginal, stderr],
          ['2020:09:13 12:26:40', '007', ''],
        )
        read.push(tags.ImageDescription ?? '')
      }
      assert.deepEqual(read, ['', 'a', 'ab', 'abc', 'abcd', 'T?r "1"', 'x'.repeat(1000)])
    },
  )
})
