import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import { reportWaiting } from '../../lib/cli/report-waiting.ts'
import { LiveLine } from '../../lib/cli/terminal/live-line.ts'
import type { WaitingEvent } from '../../lib/index.ts'

describe('a command whose call waits for its turn', () => {
  it('says so on standard error, also where that is no terminal', context => {
    const written: unknown[] = []
    context.mock.method(process.stderr, 'write', (text: unknown) => written.push(text) > 0)
    const stream = new EventEmitter()
    reportWaiting(stream, new LiveLine(() => ''))
    const message = 'stream door: the service allows 5 GetMedia calls a second (position 1 in the queue)'
    stream.emit('waiting', {
      reason: 'get-media-rate',
      position: 1,
      limit: 5,
      message,
    } satisfies WaitingEvent)
    assert.deepEqual(written, [`getmedia: ${message}\n`])
  })
})
