import assert from 'node:assert/strict'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  PassThrough as NativePassThrough,
  Readable as NativeReadable,
  type Transform as NativeTransform,
} from 'node:stream'
import { describe, it } from 'node:test'
import { createGunzip } from 'node:zlib'
import { PassThrough, Readable, Transform } from 'readable-stream'
import { EngineStage } from '../../lib/streams/engine-stage.ts'
import { joinStages } from '../../lib/streams/join-stages.ts'
import { settled } from '../support/fake-clock.ts'

/** A stage that hands on what comes, and holds a failure until that is read. */
function stage(): EngineStage<unknown> {
  const waiting: unknown[] = []
  const engine = {
    push: (item: unknown) => {
      waiting.push(item)
    },
    end: () => {},
    next: () => waiting.shift(),
  }
  return new EngineStage(engine, {
    writableObjectMode: true,
    writableHighWaterMark: 2,
    readableHighWaterMark: 2,
  })
}

/** Gives these, then fails. */
function failing(
  items: readonly unknown[],
  error: unknown,
  make: typeof Readable | typeof NativeReadable = Readable,
) {
  const play = async function* () {
    yield* items
    await settled()
    throw error
  }
  return make.from(play(), { objectMode: true }) as Readable
}

async function read(last: Readable, isSlow = false): Promise<{ items: unknown[]; error: unknown }> {
  const items: unknown[] = []
  try {
    for await (const item of last) {
      items.push(item)
      if (isSlow) await settled()
    }
  } catch (error) {
    return { items, error }
  }
  return { items, error: undefined }
}

const native = (stream: NativeTransform) => stream as unknown as Transform
const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9]
const failure = new Error('broken')

describe('joinStages', () => {
  it('hands everything on, and ends', async () => {
    const last = joinStages(Readable.from(numbers), stage(), stage(), stage())
    assert.deepEqual(await read(last), { items: numbers, error: undefined })
  })

  for (const isSlow of [false, true]) {
    const how = isSlow ? 'slowly' : 'at once'
    it(`brings an error of the source behind the data that came before it, read ${how}`, async () => {
      const last = joinStages(failing(numbers, failure), stage(), stage())
      assert.deepEqual(await read(last, isSlow), { items: numbers, error: failure })
    })

    it(`brings an error of a native source, and through native stages, behind the data, read ${how}`, async () => {
      const through = () => native(new NativePassThrough({ objectMode: true, highWaterMark: 2 }))
      const source = failing(numbers, failure, NativeReadable)
      const last = joinStages(source, through(), through(), stage())
      assert.deepEqual(await read(last, isSlow), { items: numbers, error: failure })
    })

    it(`brings an error of a stage in between behind the data, read ${how}`, async () => {
      const breaking = new Transform({
        objectMode: true,
        transform: (item, _, callback) => (item === 5 ? callback(failure) : callback(null, item)),
      })
      const last = joinStages(Readable.from(numbers), breaking, stage())
      const { items, error } = await read(last, isSlow)
      assert.equal(error, failure)
      assert.deepEqual(items, numbers.slice(0, items.length))
    })
  }

  it('ends with the first error where the end brings another', async () => {
    const source = failing([Buffer.from([0x1f, 0x8b, 8, 0])], failure)
    const last = joinStages(source, native(createGunzip()), stage())
    assert.deepEqual(await read(last), { items: [], error: failure })
  })

  it('fails where a source is closed before its end, with an error that may be tried again', async () => {
    const source = new PassThrough({ objectMode: true })
    const last = joinStages(source, stage())
    source.write(1)
    await settled()
    source.destroy()
    const { error } = await read(last)
    const { code, retryable } = error as { code?: string; retryable?: boolean }
    assert.deepEqual([code, retryable], ['ERR_STREAM_PREMATURE_CLOSE', true])
  })

  it('takes a source that was over before', async () => {
    const ended = Readable.from([]).resume()
    const failed = new NativePassThrough().on('error', () => {}).destroy(failure) as unknown as Readable
    const closed = new PassThrough().destroy()
    await settled()
    const codes: unknown[] = []
    for (const source of [ended, failed, closed]) {
      const { error } = await read(joinStages(source, stage()))
      codes.push(error === failure ? 'failure' : (error as { code?: string } | undefined)?.code)
    }
    assert.deepEqual(codes, [undefined, 'failure', 'ERR_STREAM_PREMATURE_CLOSE'])
  })

  for (const error of [undefined, failure]) {
    it(`destroys all stages with the last one${error === undefined ? '' : ', and raises its error there alone'}`, async () => {
      const source = new PassThrough({ objectMode: true })
      const stages = [stage(), native(new NativePassThrough({ objectMode: true })), stage(), stage()] as const
      const last = joinStages(source, ...stages)
      const errors: unknown[] = []
      last.on('error', raised => errors.push(raised))
      source.write(1)
      await settled()
      last.destroy(error)
      await settled()
      assert.deepEqual(
        [source, ...stages].map(({ destroyed }) => destroyed),
        Array(5).fill(true),
      )
      assert.deepEqual(errors, error === undefined ? [] : [error])
    })
  }

  it('destroys all stages above one that fails', async () => {
    const source = new PassThrough({ objectMode: true })
    const middle = stage()
    const last = joinStages(source, stage(), middle, stage())
    source.write(1)
    await settled()
    middle.destroy(failure)
    assert.equal((await read(last)).error, failure)
    await settled()
    assert.equal(source.destroyed, true)
  })

  it('holds the source back while the last stage is not read', async () => {
    let made = 0
    const source = new Readable({
      objectMode: true,
      highWaterMark: 1,
      read() {
        this.push(made++)
      },
    })
    const last = joinStages(source, stage(), stage())
    await settled()
    const before = made
    for (let turn = 0; turn < 5; turn++) await settled()
    last.destroy()
    assert.equal(made, before)
    assert.ok(made < 20, `${made} were made`)
  })

  it('takes a body of Node’s http as the source, whole and cut', async () => {
    const server = createServer((request, response) => {
      response.write('some')
      if (request.url === '/whole') response.end(' text')
      else setImmediate(() => response.destroy())
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const outcomes: unknown[] = []
    for (const path of ['/whole', '/cut']) {
      const body = await new Promise<NativeReadable>(resolve => {
        get({ port, path, host: '127.0.0.1', agent: false }, resolve)
      })
      const { items, error } = await read(joinStages(body as unknown as Readable, stage()))
      outcomes.push(items.join(''), (error as { code?: string } | undefined)?.code)
    }
    server.close()
    assert.deepEqual(outcomes, ['some text', undefined, 'some', 'ECONNRESET'])
  })
})
