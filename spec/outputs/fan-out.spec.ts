import assert from 'node:assert/strict'
import { Readable, Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { FanOut } from '../../lib/cli/outputs/fan-out.ts'
import type { WhenSlow } from '../../lib/cli/outputs/lane.ts'
import { closeOf, type Outlet } from '../../lib/cli/outputs/outlet.ts'
import type { OutputReports } from '../../lib/cli/outputs/output-reports.ts'
import type { FragmentEvent } from '../../lib/index.ts'
import { type FrameOptions, fragment, payload, type TrackOptions } from '../support/mkv-builder.ts'
import { eventsOf } from './media.ts'

/** An output that takes nothing more until it is let go on, and remembers what it got. */
class Slow extends Writable {
  readonly got: string[] = []
  isOpen = false
  #waiting: (() => void) | undefined

  constructor() {
    super({ objectMode: true, highWaterMark: 2 })
  }

  open(): void {
    this.isOpen = true
    this.#waiting?.()
  }

  override _write(event: FragmentEvent, _encoding: string, callback: (error?: Error | null) => void): void {
    this.got.push(nameOf(event))
    if (this.isOpen) callback()
    else this.#waiting = callback
  }
}

function nameOf(event: FragmentEvent): string {
  if (event.type === 'frame') return Buffer.from(event.data).toString()
  return event.type === 'fragment-start' ? `start ${event.fragmentNumber}` : event.type
}

const outlet = (sink: Writable): Outlet => ({ name: 'mkv', sink, done: closeOf(sink) })
/** No output is to fail. */
const none: OutputReports = {
  failed: (output, error) => assert.fail(`${output}: ${error.message}`),
  missing: () => {},
  empty: () => {},
}
/** Everything that is reported, in words. */
const reportsTo = (told: string[]): OutputReports => ({
  failed: (output, error) => told.push(`${output} failed: ${error.message}`),
  missing: (output, text) => told.push(`${output} misses: ${text}`),
  empty: output => told.push(`${output} is empty`),
})
const lane = (sink: Writable, whenSlow: WhenSlow): [Outlet, WhenSlow] => [outlet(sink), whenSlow]
const pictures = (name: string): FrameOptions[] => [
  { keyframe: true, data: `${name}-key` },
  { at: 40, data: `${name}-a` },
  { at: 80, data: `${name}-b` },
]
const twoFragments = () =>
  eventsOf(
    payload(
      fragment({ number: '1', frames: pictures('1') }),
      fragment({ number: '2', timestamp: 120, frames: pictures('2') }),
    ),
  )

describe('FanOut', () => {
  it('gives every output every event, and waits for the slow one', async () => {
    const [fast, slow] = [new Slow(), new Slow()]
    fast.open()
    const events = await twoFragments()
    const outputs = new FanOut([lane(fast, 'wait'), lane(slow, 'wait')], none)
    const consumed = outputs.consume(
      (async function* () {
        yield* events
      })(),
    )
    await new Promise(resolve => setImmediate(resolve))
    const aheadOfSlow = fast.got.length
    slow.open()
    await consumed
    assert.deepEqual([aheadOfSlow, fast.got, slow.got], [2, events.map(nameOf), events.map(nameOf)])
  })

  it('drops frames for a slow output up to the next keyframe, counts them, and holds up nobody', async () => {
    const [fast, slow] = [new Slow(), new Slow()]
    fast.open()
    const told: string[] = []
    const outputs = new FanOut([lane(fast, 'wait'), lane(slow, 'drop')], reportsTo(told))
    const events = await twoFragments()
    const second = events.findIndex(event => event.type === 'frame' && nameOf(event) === '2-key')
    for (const event of events.slice(0, second)) await outputs.write(event)
    slow.open()
    await new Promise(resolve => setImmediate(resolve))
    for (const event of events.slice(second)) await outputs.write(event)
    await outputs.end()
    assert.deepEqual(fast.got, events.map(nameOf))
    assert.deepEqual(slow.got, ['start 1', '1-key', 'start 2', '2-key', '2-a', '2-b', 'fragment-end'])
    assert.deepEqual(
      outputs.lanes.map(({ droppedFrames }) => droppedFrames),
      [0, 2],
    )
    assert.deepEqual(told, ['mkv misses: dropped 2 frames, since it was slower than the stream'])
  })

  it('goes on with sound after a drop at any of its frames, which no producer of AWS flags', async () => {
    const slow = new Slow()
    const outputs = new FanOut([lane(slow, 'drop')], none)
    const tracks: TrackOptions[] = [{ type: 'audio' }]
    const frames = ['a', 'b', 'c', 'd', 'e'].map((data, index) => ({ at: 20 * index, data }))
    const events = await eventsOf(fragment({ tracks, frames }))
    const fourth = events.findIndex(event => event.type === 'frame' && nameOf(event) === 'd')
    for (const event of events.slice(0, fourth)) await outputs.write(event)
    slow.open()
    await new Promise(resolve => setImmediate(resolve))
    for (const event of events.slice(fourth)) await outputs.write(event)
    await outputs.end()
    assert.deepEqual(slow.got, ['start 1', 'a', 'd', 'e', 'fragment-end'])
  })

  it('asks each output that is done what it left out, and says where no frame came', async () => {
    const told: string[] = []
    const done = (name: string, more: Partial<Outlet> = {}): [Outlet, WhenSlow] => {
      const sink = new Slow()
      sink.open()
      return [{ ...outlet(sink), name, ...more }, 'wait']
    }
    const outlets = [
      done('mp4', { missing: () => ['two frames'] }),
      done('mkv'),
      done('cues', { isText: true }),
    ]
    const withFrames = new FanOut(outlets, reportsTo(told))
    await withFrames.consume(Readable.from(await twoFragments()))
    assert.deepEqual(told.splice(0), ['mp4 misses: two frames'])
    const without = new FanOut([done('mp4'), done('cues', { isText: true })], reportsTo(told))
    await without.consume(Readable.from(await eventsOf(fragment({ withoutCluster: true }))))
    assert.deepEqual(told, ['mp4 is empty'])
  })

  it('goes on with the others when one fails, and tells which it was', async () => {
    const other = new Slow()
    other.open()
    const full = new Writable({
      objectMode: true,
      write: (_event, _encoding, callback) => callback(new Error('the disk is full')),
    })
    const told: string[] = []
    const outputs = new FanOut([lane(full, 'wait'), lane(other, 'wait')], reportsTo(told))
    const events = await twoFragments()
    await outputs.consume(Readable.from(events))
    assert.deepEqual([told, other.got], [['mkv failed: the disk is full'], events.map(nameOf)])
  })

  it('reads no further when all have failed', async () => {
    const failing = () =>
      new Writable({ objectMode: true, write: (_event, _encoding, callback) => callback(new Error('full')) })
    const outputs = new FanOut([lane(failing(), 'wait'), lane(failing(), 'drop')], reportsTo([]))
    const [event] = await twoFragments()
    let read = 0
    await outputs.consume(
      (async function* () {
        for (; ; read++) {
          yield event!
          await new Promise(resolve => setImmediate(resolve))
        }
      })(),
    )
    assert.ok(read < 10, `${read} events`)
  })

  it('ends the outputs with what came when the stream fails, and tells of that failure alone', async () => {
    const sink = new Slow()
    sink.open()
    let isFinished = false
    sink.once('finish', () => {
      isFinished = true
    })
    const outputs = new FanOut([lane(sink, 'wait')], none)
    const [first] = await twoFragments()
    const broken = (async function* () {
      yield first!
      throw new Error('the line is cut')
    })()
    await assert.rejects(outputs.consume(broken), { message: 'the line is cut' })
    assert.deepEqual([sink.got, isFinished], [['start 1'], true])
  })

  it('leaves an output alone where the stream fails before it has brought anything', async () => {
    const sink = new Slow()
    sink.open()
    sink.once('finish', () => assert.fail('it was ended'))
    const outputs = new FanOut([lane(sink, 'wait')], none)
    const broken = new Readable({ objectMode: true, read: () => broken.destroy(new Error('no such file')) })
    await assert.rejects(outputs.consume(broken), { message: 'no such file' })
    assert.equal(sink.destroyed, true)
  })

  it('is over when every reader has gone, and reads no further', async () => {
    const sink = new Slow()
    sink.open()
    const outputs = new FanOut([lane(sink, 'wait')], none)
    let read = 0
    const endless = async function* () {
      const [event] = await twoFragments()
      for (;;) {
        if (++read === 5) {
          sink.destroy()
          await new Promise(resolve => sink.once('close', resolve))
          await new Promise(resolve => setImmediate(resolve))
        }
        yield event!
      }
    }
    await outputs.consume(endless())
    assert.equal(read, 5)
  })
})
