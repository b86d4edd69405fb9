import assert from 'node:assert/strict'
import { PassThrough as NativePassThrough, Readable as NativeReadable } from 'node:stream'
import { describe, it } from 'node:test'
import { PassThrough, Readable } from 'readable-stream'
import type { FragmentEvent } from '../../../lib/get-media/events.ts'
import { EventReader, type FragmentSource } from '../../../lib/get-media/resume/event-reader.ts'
import { settled } from '../../support/fake-clock.ts'

const FAILURE = new Error('broken')
const THREE = ['1', '2', '3'].map(
  fragmentNumber => ({ type: 'late-tags', fragmentNumber, tags: {} }) as const,
)
const numbersOf = (events: readonly FragmentEvent[]) =>
  events.map(event => ('fragmentNumber' in event ? event.fragmentNumber : null))

/** A sink that has room for so many events at a time, and gets more room a turn later, or when it is told. */
class Sink {
  readonly events: FragmentEvent[] = []
  readonly #roomFor: number
  #left: number
  #wakes: (() => void)[] = []

  constructor(roomFor = Number.POSITIVE_INFINITY) {
    this.#roomFor = roomFor
    this.#left = roomFor
  }

  take(event: FragmentEvent): boolean {
    assert.ok(this.#left > 0, 'an event came where there was no room')
    this.events.push(event)
    return --this.#left > 0
  }

  room(): Promise<void> {
    return new Promise(resolve => this.#wakes.push(resolve))
  }

  makeRoom(): void {
    this.#left = this.#roomFor
    for (const wake of this.#wakes.splice(0)) wake()
  }
}

type Outcome = { readonly numbers: unknown[]; readonly error: unknown }

/** Reads to the end; the sink makes room in each turn of the event loop. */
async function read(source: FragmentSource, roomFor?: number): Promise<Outcome> {
  const sink = new Sink(roomFor)
  let isOver = false
  const outcome = new EventReader(source, sink).read().then(
    () => ({ numbers: numbersOf(sink.events), error: undefined }),
    (error: unknown) => ({ numbers: numbersOf(sink.events), error }),
  )
  void outcome.then(() => {
    isOver = true
  })
  while (!isOver) {
    sink.makeRoom()
    await settled()
  }
  return await outcome
}

const makers = [
  ['readable-stream', () => new PassThrough({ objectMode: true })],
  ['node:stream', () => new NativePassThrough({ objectMode: true }) as unknown as PassThrough],
] as const

const ALL = ['1', '2', '3']

for (const [kind, make] of makers) {
  for (const roomFor of [undefined, 1]) {
    const how = roomFor === undefined ? 'into a sink that takes all' : 'into a sink that takes one at a time'
    describe(`EventReader reads a stream of ${kind} ${how}:`, () => {
      const fed = () => {
        const stream = make()
        for (const event of THREE) stream.write(event)
        return stream
      }

      it('to its end', async () => {
        assert.deepEqual(await read(fed().end(), roomFor), { numbers: ALL, error: undefined })
      })

      it('where it was paused', async () => {
        assert.deepEqual(await read(fed().end().pause(), roomFor), { numbers: ALL, error: undefined })
      })

      it('up to its error, with what it still holds', async () => {
        const stream = fed()
        const outcome = read(stream, roomFor)
        stream.destroy(FAILURE)
        assert.deepEqual(await outcome, { numbers: ALL, error: FAILURE })
      })

      it('where it had failed before, with what it still holds', async () => {
        const stream = fed()
        stream.on('error', () => {})
        stream.destroy(FAILURE)
        await settled()
        assert.deepEqual(await read(stream, roomFor), { numbers: ALL, error: FAILURE })
      })

      it('up to where it is closed without an end', async () => {
        const stream = fed()
        stream.destroy()
        const { numbers, error } = await read(stream, roomFor)
        assert.deepEqual(
          [numbers, (error as NodeJS.ErrnoException).code],
          [ALL, 'ERR_STREAM_PREMATURE_CLOSE'],
        )
      })

      it('where it had ended before', async () => {
        const stream = make().end().resume()
        await settled()
        assert.deepEqual(await read(stream, roomFor), { numbers: [], error: undefined })
      })
    })
  }
}

describe('EventReader', () => {
  it('reads an async iterable, and an array', async () => {
    const expected = { numbers: ALL, error: undefined }
    const iterate = async function* () {
      yield* THREE
    }
    const array = [...THREE] as unknown as FragmentSource
    assert.deepEqual([await read(iterate()), await read(array, 1)], [expected, expected])
  })

  it('refuses what is neither', () => {
    assert.throws(() => new EventReader(5 as never, new Sink()), TypeError)
  })

  it('holds a stream back whose sink has no room', async () => {
    let made = 0
    const stream = new Readable({
      objectMode: true,
      highWaterMark: 2,
      read() {
        this.push({ ...THREE[0], fragmentNumber: String(++made) })
      },
    })
    const sink = new Sink(3)
    const reader = new EventReader(stream, sink)
    void reader.read()
    await settled()
    const before = [sink.events.length, made <= 6]
    sink.makeRoom()
    await settled()
    reader.close()
    assert.deepEqual([before, sink.events.length], [[3, true], 6])
  })

  it('fails with what its sink throws, and hands on nothing more', async () => {
    const taken: unknown[] = []
    const sink = {
      take: (event: FragmentEvent) => {
        taken.push(event)
        throw FAILURE
      },
      room: () => Promise.resolve(),
    }
    await assert.rejects(new EventReader(NativeReadable.from(THREE), sink).read(), FAILURE)
    await settled()
    assert.equal(taken.length, 1)
  })

  it('resolves when it is closed, hands on nothing more, and hears no error', async () => {
    const stream = new PassThrough({ objectMode: true })
    const sink = new Sink()
    const reader = new EventReader(stream, sink)
    const reading = reader.read()
    stream.write(THREE[0])
    await settled()
    reader.close()
    stream.emit('data', THREE[1])
    stream.emit('error', FAILURE)
    await reading
    assert.deepEqual([numbersOf(sink.events), stream.destroyed], [['1'], true])
  })
})
