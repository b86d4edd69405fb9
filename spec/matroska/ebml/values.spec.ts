import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readFloat, readString, readUint, readUintBig } from '../../../lib/matroska/ebml/values.ts'

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')

describe('readUint', () => {
  const cases: [hex: string, expected: number | undefined][] = [
    ['', 0],
    ['00', 0],
    ['ff', 255],
    ['00 00 00 00 00 0f 42 40', 1_000_000],
    ['00 1f ff ff ff ff ff ff', Number.MAX_SAFE_INTEGER],
    ['00 20 00 00 00 00 00 00', undefined],
    ['00 00 00 00 00 00 00 00 01', undefined],
  ]
  for (const [hex, expected] of cases) {
    it(`"${hex}" is ${expected}`, () => assert.equal(readUint(bytes(hex)), expected))
  }
})

describe('readUintBig', () => {
  const cases: [hex: string, expected: bigint | undefined][] = [
    ['', 0n],
    ['01 02', 258n],
    ['ff ff ff ff ff ff ff ff', 2n ** 64n - 1n],
    ['00 00 00 00 00 00 00 00 01', undefined],
  ]
  for (const [hex, expected] of cases) {
    it(`"${hex}" is ${expected}`, () => assert.equal(readUintBig(bytes(hex)), expected))
  }
})

describe('readFloat', () => {
  const cases: [hex: string, expected: number | undefined][] = [
    ['', 0],
    ['3f 80 00 00', 1],
    ['40 c3 88 00 00 00 00 00', 10_000],
    ['46 1c 40 00', 10_000],
    ['3f 80', undefined],
    ['00 00 00 00 00 00 00 00 00 00', undefined],
  ]
  for (const [hex, expected] of cases) {
    it(`"${hex}" is ${expected}`, () => assert.equal(readFloat(bytes(hex)), expected))
  }
})

describe('readString', () => {
  const cases: [name: string, hex: string, expected: string][] = [
    ['text', '61 62 63', 'abc'],
    ['no bytes', '', ''],
    ['an end of NUL', '61 62 00', 'ab'],
    ['several NULs', '61 00 00 00', 'a'],
    ['text behind a NUL, which is no part of it', '61 00 62', 'a'],
    ['nothing but NUL', '00', ''],
    ['spaces at the end, which are kept', '4d 34 56 20', 'M4V '],
    ['text beyond ASCII', 'c3 a9 f0 9f 8e a5', 'é🎥'],
    ['bytes that are no UTF-8', '61 ff 62', 'a�b'],
    ['a byte order mark, which is kept', 'ef bb bf 61', '\ufeffa'],
  ]
  for (const [name, hex, expected] of cases) {
    it(`reads ${name}`, () => assert.equal(readString(bytes(hex)), expected))
  }
})
