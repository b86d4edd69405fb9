import assert from 'node:assert/strict'
import { once } from 'node:events'
import { pipeline, Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { Readable } from 'readable-stream'
import { LateFailure } from '../../lib/streams/late-failure.ts'
import { settled } from '../support/fake-clock.ts'

/** Gives the chunks as fast as it may, then fails. */
class Failing extends Readable {
  readonly late: LateFailure = new LateFailure(this)

  constructor(chunks: readonly string[], error: Error) {
    super()
    for (const chunk of chunks) this.push(chunk)
    this.late.fail(error, failure => this.destroy(failure))
  }

  override _read(): void {}

  override read(size?: number): Buffer | null {
    const chunk: Buffer | null = super.read(size)
    this.late.consumed()
    return chunk
  }
}

const ERROR = new Error('late')

describe('LateFailure delivers what came before the error', () => {
  it('to async iteration', async () => {
    const taken: string[] = []
    const iterate = async () => {
      for await (const chunk of new Failing(['a', 'b'], ERROR)) taken.push(String(chunk))
    }
    await assert.rejects(iterate(), ERROR)
    assert.equal(taken.join(''), 'ab')
  })

  it('to a reader of data', async () => {
    const taken: string[] = []
    const stream = new Failing(['a', 'b'], ERROR)
    stream.on('data', chunk => taken.push(String(chunk)))
    assert.deepEqual(await once(stream, 'error'), [ERROR])
    assert.equal(taken.join(''), 'ab')
  })

  it('to one that pauses, and only when it goes on', async () => {
    const stream = new Failing(['a'], ERROR)
    const errors: Error[] = []
    stream.on('error', error => errors.push(error))
    stream.on('data', () => stream.pause())
    await settled()
    assert.deepEqual([stream.destroyed, stream.late.pending], [false, ERROR])
    stream.resume()
    await settled()
    assert.deepEqual([errors, stream.late.pending], [[ERROR], undefined])
  })

  it('to a slow pipe', async () => {
    const taken: string[] = []
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk, _encoding, callback) {
        taken.push(String(chunk))
        setImmediate(callback)
      },
    })
    const error = await new Promise(resolve => pipeline(new Failing(['a', 'b', 'c'], ERROR), slow, resolve))
    assert.equal(error, ERROR)
    assert.equal(taken.join(''), 'abc')
  })
})

describe('LateFailure', () => {
  it('settles at once where nothing is held', async () => {
    const stream = new Failing([], ERROR)
    assert.deepEqual(await once(stream, 'error'), [ERROR])
  })

  it('keeps the first failure', async () => {
    const stream = new Failing(['a'], ERROR)
    stream.late.fail(new Error('second'), error => stream.destroy(error))
    stream.resume()
    assert.deepEqual(await once(stream, 'error'), [ERROR])
  })

  it('settles never once it was cancelled', () => {
    const settledWith: Error[] = []
    const late = new LateFailure({ readableLength: 0, readableFlowing: false, listenerCount: () => 0 })
    late.fail(ERROR, error => settledWith.push(error))
    late.cancel()
    late.consumed()
    assert.deepEqual([settledWith, late.pending], [[], undefined])
  })
})
