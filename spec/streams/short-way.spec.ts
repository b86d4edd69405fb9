import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import { PassThrough } from 'readable-stream'
import { isWriterOpen, ShortWay } from '../../lib/streams/short-way.ts'
import { settled } from '../support/fake-clock.ts'

/** A stream whose reader flows and has read. */
async function flowing(onData: (item: unknown) => unknown = () => {}): Promise<PassThrough> {
  const stream = new PassThrough({ objectMode: true })
  stream.on('data', onData)
  stream.write('first')
  await settled()
  return stream
}

describe('ShortWay.isOpen', () => {
  const closing: [name: string, act: (stream: PassThrough) => unknown][] = [
    ['it is paused', stream => stream.pause()],
    ['it is destroyed', stream => stream.destroy()],
    ['something waits in it', stream => stream.pause().push('waiting')],
    ['it is read by hand', stream => stream.on('readable', () => {})],
  ]
  it('is so while it flows', async () => assert.equal(new ShortWay(await flowing()).isOpen, true))
  it('is not so before the first item has been read', () => {
    assert.equal(new ShortWay(new PassThrough({ objectMode: true }).on('data', () => {})).isOpen, false)
  })
  for (const [name, act] of closing) {
    it(`is not so when ${name}`, async () => {
      const stream = await flowing()
      act(stream)
      assert.equal(new ShortWay(stream).isOpen, false)
    })
  }
})

describe('isWriterOpen', () => {
  const closing: [name: string, act: (stream: PassThrough) => unknown][] = [
    ['it is corked', stream => stream.cork()],
    ['it is ending', stream => stream.end()],
    [
      'something waits in it',
      stream => {
        stream.pause()
        for (let item = 0; item < 20; item++) stream.write(item)
      },
    ],
  ]
  it('is so while nothing waits', async () => assert.equal(isWriterOpen(await flowing()), true))
  for (const [name, act] of closing) {
    it(`is not so when ${name}`, async () => {
      const stream = await flowing()
      act(stream)
      assert.equal(isWriterOpen(stream), false)
    })
  }
})

describe('ShortWay.handOn', () => {
  it('calls the one listener, with the stream as `this`', async () => {
    const calls: unknown[] = []
    const stream = await flowing()
    stream.removeAllListeners('data').on('data', function (this: unknown, item: unknown) {
      calls.push(this === stream, item)
    })
    new ShortWay(stream).handOn('second')
    assert.deepEqual(calls, [true, 'second'])
  })

  it('calls all listeners, those for one event once, and none where there is none', async () => {
    const calls: string[] = []
    const stream = await flowing()
    stream.removeAllListeners('data')
    new ShortWay(stream).handOn('a')
    stream.once('data', item => calls.push(`once ${item}`))
    new ShortWay(stream).handOn('b')
    stream.on('data', item => calls.push(`one ${item}`)).on('data', item => calls.push(`two ${item}`))
    new ShortWay(stream).handOn('c')
    assert.deepEqual(calls, ['once b', 'one c', 'two c'])
  })

  it('lets through what a listener throws', async () => {
    const failure = new Error('the listener')
    const stream = await flowing()
    stream.removeAllListeners('data').on('data', () => {
      throw failure
    })
    assert.throws(() => new ShortWay(stream).handOn('second'), failure)
  })

  it('goes by an `emit` that somebody has put there', async () => {
    const emitted: unknown[] = []
    const stream = await flowing(item => emitted.push(item))
    const emit = stream.emit
    stream.emit = (event: string | symbol, ...rest: unknown[]) => {
      emitted.push(event)
      return emit.call(stream, event, ...rest)
    }
    emitted.length = 0
    new ShortWay(stream).handOn('second')
    assert.deepEqual(emitted, ['data', 'second'])
  })

  it('makes the rejection of a listener an error of the stream, where that is asked for', async () => {
    const failure = new Error('the listener')
    EventEmitter.captureRejections = true
    try {
      const stream = await flowing(item => (item === 'second' ? Promise.reject(failure) : undefined))
      const errors: unknown[] = []
      stream.on('error', error => errors.push(error))
      new ShortWay(stream).handOn('second')
      await settled()
      assert.deepEqual(errors, [failure])
    } finally {
      EventEmitter.captureRejections = false
    }
  })
})
