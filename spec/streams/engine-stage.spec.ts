import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { EngineStage } from '../../lib/streams/engine-stage.ts'
import type { StageInputError } from '../../lib/streams/stage-input-error.ts'
import { settled } from '../support/fake-clock.ts'

const FAILURE = new Error('the engine broke')

/** Gives `N.0`, `N.1` … for the number N of what is pushed: N % 3 of them, then fails where it is told to. */
class CountingEngine {
  readonly pushed: number[] = []
  readonly #failsAt: number
  #waiting: string[] = []

  constructor(failsAt = Number.POSITIVE_INFINITY) {
    this.#failsAt = failsAt
  }

  push(item: number): void {
    this.pushed.push(item)
    this.#waiting.push(...eventsOf(item))
    if (item === this.#failsAt) throw FAILURE
  }

  end(): void {
    this.#waiting.push('end')
  }

  next(): string | undefined {
    return this.#waiting.shift()
  }
}

const eventsOf = (item: number) => Array.from({ length: item % 3 }, (_, index) => `${item}.${index}`)
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

function stageOf(engine = new CountingEngine()): EngineStage<number> {
  return new EngineStage(engine, {
    writableObjectMode: true,
    writableHighWaterMark: 4,
    readableHighWaterMark: 4,
  })
}

/** A stage whose reader flows, and what has reached it. */
async function flowing(engine = new CountingEngine()) {
  const stage = stageOf(engine)
  const events: string[] = []
  const errors: Error[] = []
  stage.on('data', (event: string) => events.push(event))
  stage.on('error', error => errors.push(error))
  // The first event has gone the long way.
  stage.write(1)
  await settled()
  return { stage, events, errors }
}

describe('EngineStage hands an object on at once', () => {
  it('where its reader flows and nothing waits', async () => {
    const { stage, events } = await flowing()
    const result = stage.write(2)
    assert.deepEqual([result, events, stage.writableLength], [true, ['1.0', '2.0', '2.1'], 0])
  })

  it('not while the reader is paused, and in order when it goes on', async () => {
    const { stage, events } = await flowing()
    stage.pause()
    stage.write(2)
    stage.write(4)
    const before = [...events]
    stage.resume()
    await settled()
    assert.deepEqual([before, events], [['1.0'], ['1.0', '2.0', '2.1', '4.0']])
  })

  it('not while it is corked', async () => {
    const { stage, events } = await flowing()
    stage.cork()
    stage.write(2)
    const before = [...events]
    stage.uncork()
    await settled()
    assert.deepEqual([before, events], [['1.0'], ['1.0', '2.0', '2.1']])
  })

  it('and calls back where it is asked to', async () => {
    const { stage, events } = await flowing()
    await new Promise(resolve => stage.write(2, resolve))
    await new Promise(resolve => stage.write(4, 'utf8', resolve))
    assert.deepEqual(events, ['1.0', '2.0', '2.1', '4.0'])
  })

  it('to every listener', async () => {
    const { stage, events } = await flowing()
    const others: string[] = []
    stage.on('data', (event: string) => others.push(event))
    stage.write(2)
    assert.deepEqual(
      [events, others],
      [
        ['1.0', '2.0', '2.1'],
        ['2.0', '2.1'],
      ],
    )
  })

  it('none after a listener has destroyed it', async () => {
    const { stage, events } = await flowing()
    stage.on('data', () => stage.destroy())
    stage.write(2)
    stage.write(5)
    await settled()
    assert.deepEqual(events, ['1.0', '2.0'])
  })

  it('none once its reader has paused it in the middle', async () => {
    const { stage, events } = await flowing()
    stage.once('data', () => stage.pause())
    stage.write(2)
    const before = [...events]
    stage.resume()
    await settled()
    assert.deepEqual(
      [before, events],
      [
        ['1.0', '2.0'],
        ['1.0', '2.0', '2.1'],
      ],
    )
  })
})

/** Gives each letter of the bytes that are pushed. */
class LetterEngine {
  readonly pushed: Buffer[] = []
  #waiting: string[] = []

  push(chunk: Buffer): void {
    this.pushed.push(chunk)
    this.#waiting.push(...chunk.toString())
  }

  end(): void {}

  next(): string | undefined {
    return this.#waiting.shift()
  }
}

/** A stage of bytes whose reader flows, and what has reached it. */
async function flowingBytes(engine = new LetterEngine()) {
  const options = { writableObjectMode: false, writableHighWaterMark: 8, readableHighWaterMark: 2 }
  const stage = new EngineStage(engine, options)
  const events: string[] = []
  stage.on('data', (event: string) => events.push(event))
  stage.write(Buffer.from('a'))
  await settled()
  return { stage, engine, events }
}

describe('EngineStage of bytes', () => {
  it('hands a chunk on at once while its reader flows, however large', async () => {
    const { stage, events } = await flowingBytes()
    const result = stage.write(Buffer.from('bcdefghijklm'))
    assert.deepEqual([result, events.join(''), stage.writableLength], [true, 'abcdefghijklm', 0])
  })

  it('stops where its reader pauses inside a chunk, and holds the writer back until it goes on', async () => {
    const { stage, engine, events } = await flowingBytes()
    stage.on('data', event => {
      if (event === 'd') stage.pause()
    })
    const result = stage.write(Buffer.from('bcdefghijklm'))
    await settled()
    const before = [result, events.join(''), stage.readableLength]
    stage.resume()
    await once(stage, 'drain')
    assert.deepEqual(before, [false, 'abcd', 2])
    assert.deepEqual([events.join(''), engine.pushed.length], ['abcdefghijklm', 2])
  })

  it('takes text, empty chunks and bytes of any kind as Buffers', async () => {
    const { stage, engine, events } = await flowingBytes()
    for (const chunk of ['b', new Uint8Array([0x63]), Buffer.alloc(0), Buffer.from('d')]) stage.write(chunk)
    stage.end()
    await once(stage, 'end')
    assert.deepEqual([events.join(''), engine.pushed.every(chunk => Buffer.isBuffer(chunk))], ['abcd', true])
  })

  it('refuses what is neither text nor bytes', async () => {
    const { stage } = await flowingBytes()
    const failed = once(stage, 'error')
    assert.equal(stage.write({}), false)
    const [error] = (await failed) as [StageInputError]
    assert.deepEqual([error.code, stage.destroyed], ['ERR_STAGE_INPUT', true])
  })
})

describe('EngineStage, where a listener acts in the middle of a chunk,', () => {
  type Stage = EngineStage<Buffer>
  const later = new Error('told by the listener')
  const cases: [name: string, act: (stage: Stage) => unknown, events: string, end: string][] = [
    ['writes more', stage => stage.write(Buffer.from('xy')), 'abcxy', 'open'],
    [
      'pauses and writes twice',
      stage => stage.pause() && [Buffer.from('xy'), Buffer.from('z')].map(chunk => stage.write(chunk)),
      'abcxyz',
      'open',
    ],
    [
      'pauses, corks and writes',
      stage => {
        stage.pause().cork()
        stage.write(Buffer.from('xy'))
        setImmediate(() => stage.uncork())
      },
      'abcxy',
      'open',
    ],
    ['ends it', stage => stage.end(), 'abc', 'ended'],
    ['ends it with more', stage => stage.end(Buffer.from('xy')), 'abcxy', 'ended'],
    ['pauses and ends it', stage => stage.pause().end(), 'abc', 'ended'],
    ['pauses and ends it with more', stage => stage.pause().end(Buffer.from('xy')), 'abcxy', 'ended'],
    ['fails it', stage => stage.fail(later), 'abc', later.message],
    ['pauses and fails it', stage => stage.pause().fail(later), 'abc', later.message],
    [
      'throws',
      () => {
        throw later
      },
      'a',
      later.message,
    ],
  ]
  for (const [name, act, expected, end] of cases) {
    it(`${name}: all comes in order, to each listener`, async () => {
      const { stage, events } = await flowingBytes()
      const others: string[] = []
      let found = 'open'
      stage.once('data', () => act(stage))
      stage.on('data', (event: string) => others.push(event))
      stage.on('end', () => {
        found = 'ended'
      })
      stage.on('error', error => {
        found = error.message
      })
      events.length = 0
      stage.write(Buffer.from('abc'))
      await settled()
      stage.resume()
      await settled()
      const second = name === 'throws' ? '' : expected
      assert.deepEqual([events.join(''), others.join(''), found], [expected, second, end])
    })
  }
})

describe('EngineStage whose engine fails', () => {
  /** As an engine that goes on behind what it failed at, if it is asked. */
  class BrokenEngine extends LetterEngine {
    override next(): string | undefined {
      const letter = super.next()
      if (letter === '!') throw FAILURE
      if (letter === '?') throw new Error('it was asked again')
      return letter
    }
  }

  for (const isFlowing of [true, false]) {
    it(`does not ask it again, and tells what it failed with first, ${isFlowing ? 'flowing' : 'paused'}`, async () => {
      const { stage, events } = await flowingBytes(new BrokenEngine())
      const errors: Error[] = []
      stage.on('error', error => errors.push(error))
      if (!isFlowing) stage.pause()
      stage.write(Buffer.from('bc!de?f'))
      stage.write(Buffer.from('gh'))
      stage.end()
      stage.resume()
      await settled()
      assert.deepEqual([events.join(''), errors], ['abc', [FAILURE]])
    })
  }
})

describe('EngineStage, while its reader flows,', () => {
  it('fails behind the events that came before the failure, and takes nothing after it', async () => {
    const engine = new CountingEngine(5)
    const { stage, events, errors } = await flowing(engine)
    for (const item of [2, 5, 8, 11]) stage.write(item)
    await settled()
    assert.deepEqual(
      [events, errors, engine.pushed, stage.destroyed],
      [['1.0', '2.0', '2.1', '5.0', '5.1'], [FAILURE], [1, 2, 5], true],
    )
  })

  it('fails in place of ending, where the end comes in the same moment', async () => {
    const { stage, errors } = await flowing(new CountingEngine(5))
    let ended = false
    stage.on('end', () => {
      ended = true
    })
    stage.write(5)
    stage.end()
    await settled()
    assert.deepEqual([errors, ended], [[FAILURE], false])
  })

  it('waits with a failure while the reader is paused', async () => {
    const { stage, events, errors } = await flowing(new CountingEngine(5))
    stage.once('data', () => stage.pause())
    stage.write(5)
    await settled()
    const before = [[...events], [...errors]]
    stage.resume()
    await settled()
    assert.deepEqual([before, events, errors], [[['1.0', '5.0'], []], ['1.0', '5.0', '5.1'], [FAILURE]])
  })

  it('refuses what is written behind the end, and null', async () => {
    const { stage, errors } = await flowing()
    assert.throws(() => stage.write(null), { code: 'ERR_STREAM_NULL_VALUES' })
    stage.end()
    stage.write(2)
    await settled()
    assert.deepEqual(
      errors.map(error => (error as NodeJS.ErrnoException).code),
      ['ERR_STREAM_WRITE_AFTER_END'],
    )
  })

  it('ends with what the engine says at the end', async () => {
    const { stage, events } = await flowing()
    stage.end(2)
    await once(stage, 'end')
    assert.deepEqual([events, stage.writableFinished], [['1.0', '2.0', '2.1', 'end'], true])
  })
})

describe('EngineStage holds back', () => {
  it('the writer of a reader that has stopped: no more than its two marks wait', async () => {
    const { stage, events } = await flowing()
    stage.pause()
    let written = 0
    while (stage.write(2 + 3 * written)) written++
    await settled()
    assert.deepEqual([events, stage.readableLength, stage.writableLength <= 4], [['1.0'], 4, true])
    stage.resume()
    await once(stage, 'drain')
    await settled()
    assert.equal(events.length, 1 + 2 * (written + 1))
  })

  it('a pipeline into a sink that takes one event a turn', async () => {
    const taken: string[] = []
    let most = 0
    const stage = stageOf()
    const sink = new Writable({
      objectMode: true,
      highWaterMark: 1,
      write(event: string, _encoding, callback) {
        taken.push(event)
        most = Math.max(most, stage.readableLength)
        setImmediate(callback)
      },
    })
    await pipeline(upTo(60), stage, sink)
    assert.deepEqual([taken, most], [[...upTo(60).flatMap(eventsOf), 'end'], 4])
  })
})

describe('EngineStage gives each event once and in order', () => {
  const action = fc.constantFrom(
    'write',
    'write',
    'write',
    'pause',
    'resume',
    'cork',
    'uncork',
    'read',
    'turn',
  )

  it('whatever its writer and its reader do', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async actions => {
        const stage = stageOf()
        const events: string[] = []
        stage.on('data', (event: string) => events.push(event))
        let written = 0
        for (const name of actions) {
          if (name === 'write') stage.write(written++)
          else if (name === 'turn') await settled()
          else stage[name]()
        }
        stage.end()
        stage.resume()
        await once(stage, 'end')
        assert.deepEqual(events, [...upTo(written).flatMap(eventsOf), 'end'])
      }),
      { numRuns: 200 },
    )
  })
})

/** Gives each text that is pushed, once plain and once in capitals. */
class EchoEngine {
  #waiting: string[] = []

  push(text: string): void {
    this.#waiting.push(text, text.toUpperCase())
  }

  end(): void {
    this.#waiting.push('over')
  }

  next(): string | undefined {
    return this.#waiting.shift()
  }
}

const echoesOf = (text: string) => [text, text.toUpperCase()]

class EchoStage extends EngineStage<string> {
  constructor() {
    super(new EchoEngine(), { writableObjectMode: true, writableHighWaterMark: 4, readableHighWaterMark: 4 })
  }
}

/** Two stages in a row whose reader flows, and what has reached it. */
async function row(last = new EchoStage()) {
  const first = stageOf()
  const events: string[] = []
  first.pipe(last).on('data', (event: string) => events.push(event))
  first.write(1)
  await settled()
  return { first, last, events }
}

describe('An EngineStage that is piped to another', () => {
  it('hands its events on at once while all flows', async () => {
    const { first, events } = await row()
    first.write(2)
    assert.deepEqual(events, ['1.0', '2.0', '2.1'].flatMap(echoesOf))
  })

  it('is held back by a reader that has stopped: no more than the marks of both wait', async () => {
    const { first, last, events } = await row()
    last.pause()
    let written = 0
    while (first.write(2)) written++
    await settled()
    const waiting = first.readableLength + last.writableLength + last.readableLength
    assert.deepEqual([events.length, first.isPaused(), waiting <= 3 * 4 + 1], [2, true, true])
    last.resume()
    first.end()
    await once(last, 'end')
    assert.equal(events.length, echoesOf('').length * (1 + 2 * (written + 1) + 1) + 1)
  })

  it('gives nothing more to one that it is unpiped from, nor past another reader', async () => {
    const { first, last, events } = await row()
    const others: string[] = []
    first.on('data', (event: string) => others.push(event))
    first.write(2)
    first.unpipe(last)
    first.resume()
    await settled()
    first.write(4)
    await settled()
    assert.deepEqual([events, others], [['1.0', '2.0', '2.1'].flatMap(echoesOf), ['2.0', '2.1', '4.0']])
  })

  it('goes by the `write` of one that has its own', async () => {
    const written: unknown[] = []
    class Watched extends EchoStage {
      override write(chunk: unknown): boolean {
        written.push(chunk)
        return super.write(chunk)
      }
    }
    const { first, events } = await row(new Watched())
    first.write(2)
    assert.deepEqual([written, events.length], [['1.0', '2.0', '2.1'], 6])
  })

  it('lets each event through once and in order, whatever the reader, and whoever writes between, does', async () => {
    const action = fc.constantFrom('write', 'write', 'write', 'pause', 'resume', 'cork', 'uncork', 'turn')
    const reaction = fc.constantFrom('none', 'none', 'none', 'pause', 'write')
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { maxLength: 40 }),
        fc.array(reaction, { maxLength: 20 }),
        async (actions, reactions) => {
          const { first, last, events } = await row()
          let written = 2
          last.on('data', () => {
            const name = reactions.shift()
            if (name === 'pause') last.pause()
            else if (name === 'write') first.write(written++)
          })
          for (const name of actions) {
            if (name === 'write') first.write(written++)
            else if (name === 'turn') await settled()
            else last[name]()
          }
          reactions.length = 0
          first.end()
          while (last.writableCorked > 0) last.uncork()
          last.resume()
          await once(last, 'end')
          const all = [
            ...Array.from({ length: written - 1 }, (_, index) => index + 1).flatMap(eventsOf),
            'end',
          ]
          assert.deepEqual(events, [...all.flatMap(echoesOf), 'over'])
        },
      ),
      { numRuns: 200 },
    )
  })
})
