import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ByteQueue } from '../../../lib/matroska/ebml/byte-queue.ts'
import {
  checkMagic,
  type ElementHeader,
  hex,
  readElementHeader,
  readPlainSize,
} from '../../../lib/matroska/ebml/element-header.ts'

const fail = (problem: string, at: number) => new Error(`${problem} +${at}`)

function queueOf(text: string): ByteQueue {
  const queue = new ByteQueue()
  queue.push(Buffer.from(text.replaceAll(' ', ''), 'hex'))
  return queue
}

function headerOf(text: string): ElementHeader | undefined {
  const header = { id: 0, size: undefined, length: 0 }
  return readElementHeader(queueOf(text), header, fail) ? header : undefined
}

describe('readElementHeader', () => {
  const cases: [name: string, bytes: string, expected: object | undefined][] = [
    ['one byte each', 'a3 85', { id: 0xa3, size: 5, length: 2 }],
    ['what a payload follows', 'a3 85 01 02', { id: 0xa3, size: 5, length: 2 }],
    ['an id of two bytes', '4286 81', { id: 0x4286, size: 1, length: 3 }],
    ['an id of three bytes', '2ad7b1 83', { id: 0x2ad7b1, size: 3, length: 4 }],
    ['an id of four bytes', '1a45dfa3 a3', { id: 0x1a45dfa3, size: 35, length: 5 }],
    ['a size of two bytes', 'a3 4005', { id: 0xa3, size: 5, length: 3 }],
    ['a size of eight bytes', 'a3 0100000000085717', { id: 0xa3, size: 0x85717, length: 9 }],
    ['an unknown size of one byte', 'a3 ff', { id: 0xa3, size: undefined, length: 2 }],
    ['an unknown size of seven bytes', 'a3 03ffffffffffff', { id: 0xa3, size: undefined, length: 8 }],
    ['an unknown size of eight bytes', 'a3 01ffffffffffffff', { id: 0xa3, size: undefined, length: 9 }],
    [
      'a size of eight bytes just below',
      'a3 01fffffffffffffe',
      { id: 0xa3, size: Number(2n ** 56n - 2n), length: 9 },
    ],
    ['nothing yet', '', undefined],
    ['half an id', '1a45', undefined],
    ['an id alone', '1a45dfa3', undefined],
    ['half a size', 'a3 40', undefined],
  ]
  for (const [name, bytes, expected] of cases) {
    it(`reads ${name}`, () => assert.deepEqual(headerOf(bytes), expected))
  }

  const wrong: [name: string, bytes: string, message: RegExp][] = [
    ['a zero byte', '00', /^a zero byte where an element id must begin \+0$/],
    ['an id of five bytes', '08', /^byte 0x08 where an element id must begin \+0$/],
    ['a reserved id', '7fff 80', /^element id 0x7FFF is reserved \+0$/],
    ['a size that begins with zero', '4286 00', /^an element size that begins with a zero byte, .* \+2$/],
  ]
  for (const [name, bytes, message] of wrong) {
    it(`refuses ${name} as soon as it shows`, () => {
      assert.throws(() => headerOf(bytes), { message })
    })
  }
})

describe('checkMagic', () => {
  for (const bytes of ['', '1a', '1a45df', '1a45dfa3', '1a45dfa3ff']) {
    it(`takes "${bytes}"`, () => assert.doesNotThrow(() => checkMagic(queueOf(bytes), fail)))
  }

  const wrong: [bytes: string, message: RegExp][] = [
    ['7b', /byte 0x7B came \+0$/],
    ['1a44', /byte 0x44 came \+1$/],
    ['1a45dfa4', /byte 0xA4 came \+3$/],
  ]
  for (const [bytes, message] of wrong) {
    it(`refuses "${bytes}"`, () => assert.throws(() => checkMagic(queueOf(bytes), fail), { message }))
  }
})

describe('hex', () => {
  it('writes bytes and ids as documents do', () =>
    assert.deepEqual([0, 0xec, 0x1a45dfa3].map(hex), ['0x00', '0xEC', '0x1A45DFA3']))
})

describe('readPlainSize', () => {
  const read = (text: string) => readPlainSize(Buffer.from(text, 'hex'), 0, text.length / 2)

  it('reads a known size below 2^31, of any width', () => {
    const sizes = ['80', 'fe', '4005', '7ffe', '1ffffffe', '0880000000', '087fffffff', '0100000000085717']
    assert.deepEqual(sizes.map(read), [0, 0x7e, 5, 0x3ffe, 0xffffffe, -1, 0x7fffffff, 0x85717])
  })

  it('gives -1 for an unknown one and for a larger one', () => {
    const sizes = ['ff', '7fff', '3fffff', '1fffffff', '0fffffffff', '01ffffffffffffff', '0100000080000000']
    assert.deepEqual(sizes.map(read), [-1, -1, -1, -1, -1, -1, -1])
  })
})
