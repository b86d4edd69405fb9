import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ByteQueue } from '../../../lib/matroska/ebml/byte-queue.ts'
import { bytesOf } from '../../../lib/matroska/ebml/byte-segment.ts'

function queueOf(...chunks: readonly Uint8Array[]): ByteQueue {
  const queue = new ByteQueue()
  for (const chunk of chunks) queue.push(chunk)
  return queue
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

describe('ByteQueue', () => {
  it('counts what is unread', () => {
    const queue = queueOf(Buffer.from('abc'), Buffer.alloc(0), Buffer.from('de'))
    const before = queue.length
    queue.skip(1)
    queue.take(2)
    assert.deepEqual([before, queue.length], [5, 2])
  })

  it('gives a view where the bytes lie in one chunk', () => {
    const chunk = Buffer.from('0123456789')
    const taken = queueOf(chunk).take(4)
    assert.deepEqual([taken.buffer === chunk.buffer, taken.byteOffset], [true, chunk.byteOffset])
  })

  it('gives a view of the whole chunk where all of it is taken', () => {
    const chunk = Buffer.alloc(1000, 7)
    const queue = queueOf(Buffer.alloc(500), chunk)
    queue.take(500)
    assert.equal(queue.take(1000).buffer, chunk.buffer)
  })

  it('gives one array of its own where the bytes span chunks', () => {
    const chunks = [Buffer.alloc(200, 'a'), Buffer.alloc(200, 'b'), Buffer.alloc(200, 'c')]
    const queue = queueOf(...chunks)
    queue.skip(199)
    assert.equal(text(queue.take(202)), `a${'b'.repeat(200)}c`)
  })

  const kinds: [string, Uint8Array, boolean][] = [
    ['a Buffer where Buffers went in', Buffer.alloc(200), true],
    ['a plain Uint8Array where those went in', new Uint8Array(200), false],
  ]
  for (const [name, chunk, isBuffer] of kinds) {
    it(`gives ${name}, as a view and as a copy`, () => {
      const queue = queueOf(chunk, chunk.slice(), chunk.slice())
      const given = [queue.take(100), queue.take(200), queue.take(300)]
      assert.deepEqual(
        given.map(bytes => Buffer.isBuffer(bytes)),
        [isBuffer, isBuffer, isBuffer],
      )
    })
  }

  it('finds a byte in whatever chunk it lies', () => {
    const queue = queueOf(Buffer.from('ab'), Buffer.alloc(200, 'c'), Buffer.from('d'))
    queue.skip(1)
    assert.equal(
      Buffer.of(queue.byteAt(0), queue.byteAt(1), queue.byteAt(200), queue.byteAt(201)).toString(),
      'bccd',
    )
  })

  it('tells where the next bytes lie without taking them, if that is in one chunk', () => {
    const queue = queueOf(Buffer.from('-abc'), Buffer.alloc(200, 'd'))
    queue.skip(1)
    assert.deepEqual(
      [text(bytesOf(queue.placeAhead(3)!)), queue.placeAhead(4), queue.length],
      ['abc', undefined, 203],
    )
  })

  it('leaves the bytes that it handed out alone when more come', () => {
    const queue = queueOf(Buffer.from('a'), Buffer.from('b'), Buffer.from('c'))
    const first = queue.take(3)
    for (let i = 0; i < 5000; i++) queue.push(Buffer.from('x'))
    assert.equal(text(first), 'abc')
  })

  it('does not write into the chunks that were given', () => {
    const chunk = Buffer.alloc(300, 'a')
    const queue = queueOf(chunk.subarray(0, 150))
    for (let i = 0; i < 100; i++) queue.push(Buffer.from('z'))
    queue.take(200)
    assert.equal(text(chunk), 'a'.repeat(300))
  })

  for (const [name, size] of [
    ['small', 200],
    ['large', 50_000],
  ] as const) {
    it(`leaves the ${name} copies that it handed out alone when it makes more`, () => {
      const queue = new ByteQueue()
      const copies = Array.from({ length: 600 }, (_, i) => {
        queue.push(Buffer.alloc(size / 2, i))
        queue.push(Buffer.alloc(size / 2, i))
        return queue.take(size)
      })
      assert.ok(copies.every((copy, i) => copy.length === size && copy.every(byte => byte === i % 256)))
    })
  }

  it('is one string of bytes to its reader, whatever is pushed, taken and skipped', () => {
    const step = fc.oneof(
      fc.record({ push: fc.integer({ min: 0, max: 400 }), plain: fc.boolean() }),
      fc.record({ take: fc.integer({ min: 0, max: 300 }) }),
      fc.record({ skip: fc.integer({ min: 0, max: 300 }) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), steps => sameAsOneArray(steps)),
      { numRuns: 300 },
    )
  })
})

type Step = { push?: number; plain?: boolean; take?: number; skip?: number }

/** The queue beside a model that keeps all bytes in one array. */
function sameAsOneArray(steps: readonly Step[]): boolean {
  const queue = new ByteQueue()
  let model = Buffer.alloc(0)
  let counter = 0
  const handedOut: { taken: Uint8Array; copy: Buffer }[] = []
  for (const { push, plain, take, skip } of steps) {
    if (push !== undefined) {
      const chunk = Buffer.from(Array.from({ length: push }, () => counter++ % 251))
      queue.push(plain ? Uint8Array.from(chunk) : chunk)
      model = Buffer.concat([model, chunk])
    }
    const count = Math.min(take ?? skip ?? 0, model.length)
    if (take !== undefined) {
      const taken = queue.take(count)
      if (!model.subarray(0, count).equals(taken)) return false
      handedOut.push({ taken, copy: Buffer.from(taken) })
    }
    if (skip !== undefined) queue.skip(count)
    model = model.subarray(count)
    if (queue.length !== model.length) return false
    if (model.length > 0 && queue.byteAt(model.length - 1) !== model.at(-1)) return false
  }
  return handedOut.every(({ taken, copy }) => copy.equals(taken))
}

describe('ByteQueue copies each byte a fixed number of times', () => {
  /** Counts the bytes that `set` copies, in every array of the class that the queue makes. */
  function bytesCopied(chunkBytes: number, takeBytes: number, total: number): number {
    const original = Uint8Array.prototype.set
    let copied = 0
    Uint8Array.prototype.set = function (source, offset) {
      copied += source.length
      original.call(this, source, offset)
    }
    try {
      const queue = new ByteQueue()
      for (let pushed = 0; pushed < total; pushed += chunkBytes) {
        queue.push(new Uint8Array(chunkBytes))
        while (queue.length >= takeBytes) queue.take(takeBytes)
      }
    } finally {
      Uint8Array.prototype.set = original
    }
    return copied
  }

  const total = 1_000_000
  const cases: [chunkBytes: number, takeBytes: number, timesAtMost: number][] = [
    [1, 250_000, 2],
    [100, 250_000, 2],
    [1000, 250_000, 1],
    [1000, 10, 0],
    [1_000_000, 1000, 0],
    [1, 3, 2],
  ]
  for (const [chunkBytes, takeBytes, timesAtMost] of cases) {
    it(`${timesAtMost} times at most, for ${chunkBytes}-byte chunks taken by ${takeBytes}`, () => {
      const copied = bytesCopied(chunkBytes, takeBytes, total)
      assert.ok(copied <= timesAtMost * total, `${copied} bytes were copied`)
    })
  }
})
