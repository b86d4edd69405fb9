import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { FanOut } from '../../lib/cli/sinks/fan-out.ts'
import type { WhenSlow } from '../../lib/cli/sinks/lane.ts'
import { closeOf, type Outlet } from '../../lib/cli/sinks/outlet.ts'
import type { FragmentEvent } from '../../lib/index.ts'
import { type FrameOptions, fragment, payload } from '../support/mkv-builder.ts'
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
    const outputs = new FanOut([lane(fast, 'wait'), lane(slow, 'wait')])
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
    const outputs = new FanOut([lane(fast, 'wait'), lane(slow, 'drop')])
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
  })

  it('breaks all off when one fails, and tells which failure it was', async () => {
    const other = new Slow()
    other.open()
    const full = new Writable({
      objectMode: true,
      write: (_event, _encoding, callback) => callback(new Error('the disk is full')),
    })
    const outputs = new FanOut([lane(full, 'wait'), lane(other, 'wait')])
    const events = await twoFragments()
    const all = (async function* () {
      yield* events
    })()
    await assert.rejects(outputs.consume(all), { message: 'the disk is full' })
    assert.equal(other.destroyed, true)
  })

  it('is over when every reader has gone, and reads no further', async () => {
    const sink = new Slow()
    sink.open()
    const outputs = new FanOut([lane(sink, 'wait')])
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
