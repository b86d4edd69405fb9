import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { MkvLateMetadataError, MkvLimitError, MkvSyntaxError } from '../../lib/core/errors.ts'
import { ByteQueue } from '../../lib/matroska/ebml/byte-queue.ts'
import { cutEvery, randomCuts } from '../support/chunkings.ts'
import { cluster, document, info, tracks } from '../support/mkv-builder.ts'
import { mutated, payloads, place } from './arbitrary-payloads.ts'
import { digest, lineOf, readMkv } from './read-mkv.ts'

const seed = fc.integer({ min: 0, max: 2 ** 31 })

const ERRORS = [MkvSyntaxError, MkvLimitError, MkvLateMetadataError]
const isOurs = (error: unknown) => error === undefined || ERRORS.some(kind => error instanceof kind)

describe('MkvReader', () => {
  it('gives the same events for any split', () => {
    fc.assert(
      fc.property(payloads, seed, (bytes, cuts) => {
        const whole = readMkv([bytes])
        assert.equal(whole.error, undefined)
        assert.equal(digest(readMkv(randomCuts(bytes, cuts))), digest(whole))
        assert.equal(digest(readMkv(cutEvery(bytes, 1))), digest(whole))
      }),
      { numRuns: 150 },
    )
  })

  it('gives the same events and the same error for any split of bytes that are wrong', () => {
    fc.assert(
      fc.property(mutated, seed, (bytes, cuts) => {
        const whole = digest(readMkv([bytes]))
        assert.equal(digest(readMkv(randomCuts(bytes, cuts))), whole)
        assert.equal(digest(readMkv(cutEvery(bytes, 1))), whole)
      }),
      { numRuns: 150 },
    )
  })

  it('gives a prefix of the events for any prefix, and how it closes', () => {
    const closers = ['cluster', 'cluster-end', 'document-end', 'truncated']
    fc.assert(
      fc.property(payloads, place, (bytes, at) => {
        const { events: all } = readMkv([bytes])
        const { events, error } = readMkv([bytes.subarray(0, Math.floor(at * bytes.length))])
        const same = events.findIndex((event, index) => lineOf(event) !== lineOf(all[index]!))
        const closing = same === -1 ? [] : events.slice(same).map(({ type }) => type)
        assert.deepEqual(
          closing.filter(type => !closers.includes(type)),
          [],
        )
        assert.deepEqual([closing.length <= 3, error], [true, undefined])
      }),
      { numRuns: 200 },
    )
  })

  it('ends any mutation of a payload in events or in one of its errors, in bounded number and size', () => {
    fc.assert(
      fc.property(mutated, bytes => {
        const { events, error } = readMkv([bytes])
        assert.ok(isOurs(error), String(error))
        // An event takes two bytes at least, but for those of a lace and the closing of what is open.
        assert.ok(events.length <= bytes.length + 5, `${events.length} events of ${bytes.length} bytes`)
        const held = events.reduce((sum, event) => sum + (event.type === 'frame' ? event.data.length : 0), 0)
        assert.ok(held <= bytes.length, `${held} bytes in frames of ${bytes.length}`)
      }),
      { numRuns: 1500 },
    )
  })

  it('ends bytes of any kind behind a header in the same way', () => {
    const header = document()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        const { error } = readMkv([Buffer.concat([header, bytes])])
        assert.ok(isOurs(error), String(error))
      }),
      { numRuns: 1500 },
    )
  })
})

describe('MkvReader does work in proportion to the bytes', () => {
  type Work = { readonly copied: number; readonly looked: number }

  /** Counts the bytes that are copied, and the single bytes that are looked at, while a payload is read. */
  function workOf(chunks: Iterable<Uint8Array>): Work {
    const { byteAt } = ByteQueue.prototype
    const { set } = Uint8Array.prototype
    let copied = 0
    let looked = 0
    ByteQueue.prototype.byteAt = function (index) {
      looked++
      return byteAt.call(this, index)
    }
    Uint8Array.prototype.set = function (source, offset) {
      copied += source.length
      set.call(this, source, offset)
    }
    try {
      assert.equal(readMkv(chunks).error, undefined)
    } finally {
      ByteQueue.prototype.byteAt = byteAt
      Uint8Array.prototype.set = set
    }
    return { copied, looked }
  }

  function payloadOf(count: number, size: number): Buffer {
    const blocks = Array.from({ length: count }, (_, i) => ({ at: i % 30_000, data: Buffer.alloc(size) }))
    return document(info(), tracks(), cluster({ blocks, unknownSize: true }))
  }

  const cases: [
    name: string,
    input: Buffer,
    chunkBytes: number,
    copiesAtMost: number,
    looksAtMost: number,
  ][] = [
    ['large frames whole', payloadOf(20, 70_000), 10_000_000, 0, 0.01],
    ['large frames in 1 KB', payloadOf(20, 70_000), 1024, 1, 0.02],
    ['large frames in 100 bytes', payloadOf(20, 70_000), 100, 2, 0.05],
    ['large frames byte by byte', payloadOf(3, 70_000), 1, 2, 0.1],
    ['small frames whole', payloadOf(5000, 10), 10_000_000, 0, 2],
    ['small frames in 1 KB', payloadOf(5000, 10), 1024, 0.1, 2],
    ['small frames byte by byte', payloadOf(5000, 10), 1, 2, 3],
  ]
  for (const [name, input, chunkBytes, copiesAtMost, looksAtMost] of cases) {
    it(`for ${name}: each copied ${copiesAtMost} times at most`, () => {
      const { copied, looked } = workOf(cutEvery(input, chunkBytes))
      const perByte = [copied / input.length, looked / input.length]
      assert.ok(perByte[0]! <= copiesAtMost && perByte[1]! <= looksAtMost, `copied and looked at: ${perByte}`)
    })
  }
})
