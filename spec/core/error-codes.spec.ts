import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ERROR_CODES, type ErrorCode, GetMediaError, PayloadError, PutMediaError } from '../../lib/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFile(`${root}${path}`, 'utf8')

/** `CODE CLASS`, sorted. */
const known = Object.entries(ERROR_CODES)
const listOf = (pairs: readonly (readonly [code: string, className: string])[]) =>
  pairs.map(([code, className]) => `${code} ${className}`).toSorted()

/** Of the tables of a page: each row's cells. */
function rowsOf(page: string): string[][] {
  return page
    .split('\n')
    .filter(line => line.startsWith('|'))
    .map(line => line.split('|').map(cell => cell.trim()))
    .map(([, ...cells]) => cells)
}

const codesIn = (cell: string): string[] => Array.from(cell.matchAll(/`(ERR_[A-Z_]+)`/g), ([, code]) => code!)

/** The rows `| Class | code, code |`. */
function classRowsOf(page: string): [code: string, className: string][] {
  return rowsOf(page).flatMap(([first = '', second = '']) => {
    const className = /^`(\w+Error)`$/.exec(first)?.[1]
    return className === undefined ? [] : codesIn(second).map((code): [string, string] => [code, className])
  })
}

/** The rows `| 4000, 4500 to 4506 | code, code |`: each number with its code; `null` stands for all others. */
function numberRowsOf(page: string): [id: number | null, code: string][] {
  return rowsOf(page).flatMap(([first = '', second = '']) => {
    const codes = codesIn(second)
    const ids = first === 'others' ? [null] : idsIn(first)
    if (ids.length === 0 || codes.length === 0) return []
    assert.ok(codes.length === 1 || codes.length === ids.length, `as many codes as numbers: ${first}`)
    return ids.map((id, index): [number | null, string] => [id, codes[codes.length === 1 ? 0 : index]!])
  })
}

function idsIn(cell: string): number[] {
  return cell.split(',').flatMap(part => {
    const [, from, to] = /^\s*(\d{4})(?: to (\d{4}))?\s*$/.exec(part) ?? []
    if (from === undefined) return []
    return Array.from({ length: Number(to ?? from) - Number(from) + 1 }, (_, more) => Number(from) + more)
  })
}

const putMediaError = (errorId: number) =>
  new PutMediaError({
    ...{
      type: 'ERROR',
      fragmentNumber: null,
      fragmentTimecode: null,
      fragmentTimecodeMs: null,
      errorId,
      errorCode: null,
    },
  })

/** Every number that a table could hold. */
const IDS = Array.from({ length: 9000 }, (_, index) => 1000 + index)

function codesById(
  make: (id: number) => GetMediaError,
  unknown: ErrorCode,
): [id: number | null, code: string][] {
  const named = IDS.map((id): [number, string] => [id, make(id).code])
  return [...named.filter(([, code]) => code !== unknown), [null, unknown]]
}

const sorted = (rows: readonly [id: number | null, code: string][]) =>
  rows.map(([id, code]) => `${id} ${code}`).toSorted()

describe('the list of error codes', () => {
  it('is what the classes carry', async () => {
    const files = (await readdir(`${root}lib`, { recursive: true })).filter(name => name.endsWith('.ts'))
    const found = new Map<string, string>()
    for (const file of files) {
      const [, ...classes] = (await read(`lib/${file}`)).split(/^export (?:abstract )?class /m)
      for (const text of classes) {
        const code = /readonly code(?:: ErrorCode)? = '(ERR_\w+)'/.exec(text)?.[1]
        const className = /^\w+/.exec(text)![0]
        if (code !== undefined) found.set(code, className)
      }
    }
    const timeouts = (await read('lib/aws/http/connection-error.ts')).matchAll(/'(ERR_\w+_TIMEOUT)'/g)
    for (const [, code] of timeouts) found.set(code!, 'TimeoutError')
    for (const id of IDS) {
      found.set(new PayloadError(id, null, null).code, 'PayloadError')
      found.set(putMediaError(id).code, 'PutMediaError')
    }
    assert.deepEqual(listOf([...found]), listOf(known))
  })

  it('names classes that the package exports', async () => {
    const exported: Readonly<Record<string, unknown>> = await import('../../lib/index.ts')
    for (const name of new Set(Object.values(ERROR_CODES))) {
      const value = exported[name]
      assert.ok(typeof value === 'function' && value.prototype instanceof GetMediaError, name)
    }
  })
})

const OF_PUT_MEDIA = new Set<string>(['AcknowledgementError', 'PutSessionEndedError', 'NotPersistedError'])
const BY_NUMBER = new Set<string>(['PayloadError', 'PutMediaError'])

describe('docs/errors.md', () => {
  it('has every class with its codes, and none that is not there', async () => {
    const wanted = known.filter(([, name]) => !OF_PUT_MEDIA.has(name) && !BY_NUMBER.has(name))
    assert.deepEqual(listOf(classRowsOf(await read('docs/errors.md'))), listOf(wanted))
  })

  it('has every error of the payload with its number', async () => {
    const wanted = codesById(id => new PayloadError(id, null, null), 'ERR_PAYLOAD_UNKNOWN')
    assert.deepEqual(sorted(numberRowsOf(await read('docs/errors.md'))), sorted(wanted))
  })
})

describe('docs/put-media-sink.md', () => {
  it('has every class of its own with its codes, and none that is not there', async () => {
    const wanted = known.filter(([, name]) => OF_PUT_MEDIA.has(name))
    assert.deepEqual(listOf(classRowsOf(await read('docs/put-media-sink.md'))), listOf(wanted))
  })

  it('has every error of an acknowledgement with its number', async () => {
    const wanted = codesById(putMediaError, 'ERR_PUT_UNKNOWN')
    assert.deepEqual(sorted(numberRowsOf(await read('docs/put-media-sink.md'))), sorted(wanted))
  })
})

describe('the pages', () => {
  it('mention no code that is not there', async () => {
    const names = (await readdir(`${root}docs`))
      .filter(name => name.endsWith('.md'))
      .map(name => `docs/${name}`)
    const strangers: string[] = []
    for (const name of [...names, 'README.md']) {
      for (const code of codesIn(await read(name))) {
        if (!Object.hasOwn(ERROR_CODES, code)) strangers.push(`${name}: ${code}`)
      }
    }
    assert.deepEqual(strangers, [])
  })
})
