import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { OptionError } from '../../../lib/core/errors.ts'
import { startEmulator } from '../../../lib/emulator/index.ts'
import type { FragmentTable } from '../../../lib/emulator/storage/fragment-table.ts'
import { LmdbStorage } from '../../../lib/emulator/storage/lmdb-storage.ts'
import { MemoryTable } from '../../../lib/emulator/storage/memory-table.ts'
import { type StoredFragment, storeFragment } from '../../../lib/emulator/streams/fragment.ts'
import { cluster, document, info, tracks } from '../../support/mkv-builder.ts'
import { PutMediaClient, summary } from '../../support/put-media-client.ts'
import { framesIn, mediaClient, openMedia, readAll, recording } from '../clients.ts'

function fragment(
  number: bigint,
  serverTimestampMs: number,
  producerTimestampMs: number,
  bytes = 3,
): StoredFragment {
  return storeFragment(
    {
      ebmlHeader: Buffer.from('ebml'),
      segmentHeader: Buffer.from('header'),
      cluster: Buffer.alloc(bytes, Number(number % 251n)),
      trailer: Buffer.from(number % 2n === 0n ? '' : `trailer-${number}`),
      ...{ timestampMs: 1.5, durationMs: 1000 },
    },
    { number, serverTimestampMs, producerTimestampMs, storedMs: serverTimestampMs },
  )
}

const numbersOf = (fragments: Iterable<StoredFragment>) => Array.from(fragments, ({ number }) => number)

/** A directory that is removed in the end, and stores in it that are closed. */
class Directories {
  readonly #made: string[] = []

  async make(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'getmedia-spec-'))
    this.#made.push(path)
    return path
  }

  async remove(): Promise<void> {
    for (const path of this.#made) await rm(path, { recursive: true, force: true })
  }
}

const record = (name: string) => ({ description: { name } as never, reservedSequence: '0' })
const directories = new Directories()
after(() => directories.remove())

for (const kind of ['memory', 'lmdb'] as const) {
  describe(`a table of fragments: ${kind}`, () => {
    let storage: LmdbStorage | undefined
    const makeTable = (name: string): FragmentTable =>
      storage === undefined ? new MemoryTable() : storage.create(record(name)).fragments!
    before(async () => {
      if (kind === 'lmdb') storage = await LmdbStorage.open(await directories.make())
    })
    after(() => storage?.close())

    it('finds by number, and the next and the newest', async () => {
      const table = makeTable('a')
      const numbers = [7n, 255n, 256n, 1n << 156n, (1n << 156n) + 1n, 10n ** 127n]
      for (const number of numbers) await table.add(fragment(number, 1, 1))
      assert.deepEqual(
        [-1n, 7n, 8n, 255n, 256n, 1n << 156n, (1n << 156n) + 1n, 10n ** 127n].map(
          n => table.after(n)?.number,
        ),
        [7n, 255n, 255n, 256n, 1n << 156n, (1n << 156n) + 1n, 10n ** 127n, undefined],
      )
      assert.deepEqual(
        [7n, 8n].map(n => table.get(n)?.number),
        [7n, undefined],
      )
      assert.equal(table.newest()?.number, 10n ** 127n)
    })

    it('gives back facts and bytes as they were, of any length', async () => {
      const table = makeTable('b')
      const sizes = [0, 1, 1_048_559, 1_048_560, 1_048_561, 5_000_000]
      const added = sizes.map((size, index) => fragment(BigInt(index + 1), 1000 + index, 5 - index, size))
      await Promise.all(added.map(one => table.add(one)))
      for (const one of added) {
        const found = table.get(one.number)!
        const { ebmlHeader, segmentHeader, trailer, timestampMs, durationMs, storedMs, byteLength } = found
        assert.ok(Buffer.from(one.cluster).equals(found.cluster))
        assert.deepEqual(
          [ebmlHeader, segmentHeader, trailer].map(String),
          [one.ebmlHeader, one.segmentHeader, one.trailer].map(String),
        )
        assert.deepEqual(
          [timestampMs, durationMs, storedMs, byteLength],
          [1.5, 1000, one.storedMs, one.byteLength],
        )
      }
    })

    it('keeps streams apart', async () => {
      const [one, other] = [makeTable('c'), makeTable('d')]
      await one.add(fragment(1n, 1, 1))
      await other.add(fragment(2n, 2, 2))
      assert.deepEqual([numbersOf(one.byTime('server')), numbersOf(other.byTime('server'))], [[1n], [2n]])
      assert.deepEqual([one.after(1n), other.newest()?.number], [undefined, 2n])
    })

    it('answers as a plain list does, whatever is added and removed', async () => {
      const times = fc.tuple(fc.integer({ min: -5, max: 30 }), fc.integer({ min: 0, max: 10 }))
      let round = 0
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(times, { maxLength: 12, selector: String }),
          fc.nat(12),
          async (list, cut) => {
            const table = makeTable(`e${round++}`)
            const all = list.map(([server, producer], index) =>
              fragment(BigInt(index * 100 + 1), server, producer),
            )
            await Promise.all(all.map(one => table.add(one)))
            await Promise.all(all.slice(0, cut).map(one => table.remove(one.number)))
            const rest = all.slice(cut)
            assert.equal(table.newest()?.number, rest.at(-1)?.number)
            for (const order of ['server', 'producer'] as const) {
              for (const range of [
                {},
                { fromMs: 5 },
                { toMs: 7.5 },
                { fromMs: 2, toMs: 8 },
                { fromMs: 2.5, toMs: 2.6 },
              ]) {
                const expected = inOrder(rest, order, range)
                assert.deepEqual(numbersOf(table.byTime(order, range)), expected)
                assert.deepEqual(
                  numbersOf(table.byTime(order, { ...range, reverse: true })),
                  expected.toReversed(),
                )
              }
            }
          },
        ),
        { numRuns: 60 },
      )
    })
  })
}

function inOrder(
  fragments: readonly StoredFragment[],
  order: 'server' | 'producer',
  { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY }: { fromMs?: number; toMs?: number },
): bigint[] {
  const timeOf = (one: StoredFragment) =>
    order === 'server' ? one.serverTimestampMs : one.producerTimestampMs
  return fragments
    .filter(one => timeOf(one) >= fromMs && timeOf(one) <= toMs)
    .sort((a, b) => timeOf(a) - timeOf(b) || Number(a.number - b.number))
    .map(({ number }) => number)
}

const second = (index: number) =>
  cluster({ timestamp: index * 1000, blocks: [{ keyframe: true, data: `frame-${index}-0` }] })

async function put(url: string, ...indexes: number[]): Promise<string[]> {
  const producer = new PutMediaClient(url)
  await producer.write(document(info(), tracks(), ...indexes.map(second)))
  return summary(await producer.end())
}

describe('a data directory', () => {
  it('lets a restart go on where it was, with numbers that go on rising', async () => {
    const dataDirectory = join(await directories.make(), 'made', 'on', 'demand')
    const options = { dataDirectory, limits: 'off', idleEndMs: 0 } as const
    const first = await startEmulator(options)
    const made = await first.addStream({ name: 'door', deviceName: 'camera', dataRetentionInHours: 2 })
    made.metadata.setTags({ room: 'hall' })
    await put(first.url, 0, 1)
    const numbers = made.fragments.map(({ number }) => number)
    await first.close()

    await using second = await startEmulator(options)
    const stream = second.stream('door')
    assert.deepEqual(stream.metadata.current, made.metadata.current)
    assert.deepEqual(numbersOf(stream.fragments), numbers)
    assert.deepEqual(framesIn(await readAll(await openMedia(mediaClient(second)))), [
      'frame-0-0',
      'frame-1-0',
    ])
    await put(second.url, 2)
    const newest = stream.fragments.at(-1)!.number
    assert.ok(newest > numbers[1]!)
    assert.equal((newest >> 92n) & 0xfffffn, 2001n)
  })

  it('lets numbers rise over a restart of a stream that keeps nothing', async () => {
    const options = { dataDirectory: await directories.make(), limits: 'off' } as const
    const numbers: bigint[] = []
    for (let start = 0; start < 3; start++) {
      await using emulator = await startEmulator(options)
      if (start === 0) await emulator.addStream({ name: 'door', dataRetentionInHours: 0 })
      await put(emulator.url, 0, 1)
      numbers.push(...numbersOf(emulator.stream('door').fragments))
    }
    assert.equal(numbers.length, 6)
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => (a < b ? -1 : 1)),
    )
  })

  it('keeps nothing of a deleted stream', async () => {
    const options = { dataDirectory: await directories.make(), limits: 'off' } as const
    const first = await startEmulator(options)
    const stream = await first.addStream({ name: 'door', source: recording(3) })
    await first.addStream({ name: 'gate', source: recording(2) })
    await stream.remove()
    await first.close()
    await using second = await startEmulator(options)
    assert.deepEqual(
      second.streams.map(({ name, fragments }) => [name, fragments.length]),
      [['gate', 2]],
    )
  })

  it('is one service’s at a time', async () => {
    const dataDirectory = await directories.make()
    const emulator = await startEmulator({ dataDirectory })
    await assert.rejects(startEmulator({ dataDirectory }), OptionError)
    await emulator.close()
    await (await startEmulator({ dataDirectory })).close()
  })

  it('is closed where the port is taken', async () => {
    const dataDirectory = await directories.make()
    await using other = await startEmulator()
    await assert.rejects(startEmulator({ dataDirectory, port: other.port }), { code: 'EADDRINUSE' })
    await (await startEmulator({ dataDirectory })).close()
  })

  it('is at odds with a storage in memory', async () => {
    await assert.rejects(startEmulator({ dataDirectory: 'x', storage: 'memory' }), OptionError)
  })
})

describe('a storage on disk without a directory', () => {
  it('is a temporary directory, removed at the close', async () => {
    const temporaries = () => readdirSync(tmpdir()).filter(name => name.startsWith('getmedia-emulator-'))
    const others = new Set(temporaries())
    const emulator = await startEmulator({ storage: 'disk', limits: 'off' })
    await emulator.addStream({ name: 'door' })
    await put(emulator.url, 0)
    const made = temporaries().filter(name => !others.has(name))
    assert.ok(made.length >= 1)
    await emulator.close()
    assert.ok(made.some(name => !existsSync(join(tmpdir(), name))))
  })
})

describe('without lmdb', () => {
  it('the emulator works in memory, and says what to install for more', () => {
    const hooks = `export const resolve = (name, context, next) => {
      if (name === 'lmdb') throw Object.assign(new Error("Cannot find package 'lmdb'"), { code: 'ERR_MODULE_NOT_FOUND' })
      return next(name, context)
    }`
    const script = `
      import { register } from 'node:module'
      register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)})
      const { startEmulator } = await import('./lib/emulator/index.ts')
      await (await startEmulator()).close()
      await startEmulator({ dataDirectory: 'x' }).catch(error => console.log(error.code, error.message))`
    const args = ['--import', 'tsx', '--input-type=module', '-e', script]
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    assert.equal(stderr, '')
    assert.match(stdout, /^ERR_INVALID_OPTION .*npm install lmdb/)
  })
})
