import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type PagePosition, readPage } from '../../../lib/emulator/archive/fragment-pages.ts'
import { readPageToken, writePageToken } from '../../../lib/emulator/archive/page-token.ts'
import { MemoryTable } from '../../../lib/emulator/storage/memory-table.ts'
import type { StoredFragment } from '../../../lib/emulator/streams/fragment.ts'

/** A table of fragments of which only numbers and times count. */
function tableOf(fragments: readonly { number: bigint; atMs: number }[]): MemoryTable {
  const table = new MemoryTable()
  for (const { number, atMs } of fragments) {
    const times = { serverTimestampMs: atMs, producerTimestampMs: -atMs, byteLength: 0 }
    void table.add({ number, ...times } as StoredFragment)
  }
  return table
}

/** All pages, each found by the token of the one before. */
function pagesOf(table: MemoryTable, range: { fromMs: number; toMs: number }, size: number): bigint[][] {
  const pages: bigint[][] = []
  const server = { order: 'server', ...range } as const
  let position: PagePosition | undefined
  do {
    const page = readPage(table, server, size, position)
    pages.push(page.fragments.map(fragment => fragment.number))
    position = page.next
    if (position !== undefined) {
      const token = readPageToken(writePageToken({ range: server, position }))
      assert.deepEqual(token, { range: server, position })
    }
  } while (position !== undefined)
  return pages
}

const fragments = fc.uniqueArray(
  fc.record({ number: fc.bigInt({ min: 0n, max: 2n ** 157n }), atMs: fc.integer({ min: 0, max: 30 }) }),
  { selector: fragment => fragment.number, maxLength: 60 },
)

describe('the pages of ListFragments', () => {
  it('hold each fragment of the range once, and only the last is not full', () => {
    fc.assert(
      fc.property(
        fragments,
        fc.integer({ min: 1, max: 20 }),
        fc.nat(30),
        fc.nat(30),
        (given, size, fromMs, toMs) => {
          const pages = pagesOf(tableOf(given), { fromMs, toMs }, size)
          const within = given.filter(({ atMs }) => fromMs <= atMs && atMs <= toMs)
          assert.deepEqual(new Set(pages.flat()), new Set(within.map(({ number }) => number)))
          assert.equal(pages.flat().length, within.length)
          assert.ok(
            pages.slice(0, -1).every(page => page.length === size),
            'a page before the last is not full',
          )
        },
      ),
    )
  })

  it('are never in the order of the numbers, where they have more than one', () => {
    fc.assert(
      fc.property(fragments, fc.integer({ min: 2, max: 20 }), (given, size) => {
        for (const page of pagesOf(tableOf(given), { fromMs: 0, toMs: 30 }, size)) {
          const sorted = [...page].sort((a, b) => (a < b ? -1 : 1))
          if (page.length > 1) assert.notDeepEqual(page, sorted)
        }
      }),
    )
  })
})
