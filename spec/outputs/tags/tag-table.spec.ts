import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import type { FragmentEvent } from '../../../lib/index.ts'
import { TagTable, type TagTableOptions } from '../../../lib/outputs/tags/tag-table.ts'
import { errorChunk, fragment, payload } from '../../support/mkv-builder.ts'
import { eventsOf } from '../media.ts'

const table = (events: readonly FragmentEvent[], options: TagTableOptions = {}) =>
  text(Readable.from(events).pipe(new TagTable(options)))

const row = (fragmentNumber: string | null, more: object = {}) => ({
  ...{ fragmentNumber, producerTimestamp: '1700000000.000', serverTimestamp: '1700000000.000' },
  ...{ continuationToken: fragmentNumber, millisBehindNow: 0, errorId: null, errorCode: null },
  ...{ frames: 1, bytes: 5, endedBy: 'token', tags: {}, ...more },
})
const lines = (...rows: object[]) => rows.map(item => `${JSON.stringify(item)}\n`).join('')

describe('TagTable', () => {
  it('gives a line of JSON for each fragment, with all of its tags', async () => {
    const events = await eventsOf(
      payload(
        fragment({ number: '1', headerTags: { ENCODER: 'x' }, tags: { a: 'é"\n', b: Buffer.from([1, 2]) } }),
        fragment({ number: '2', behind: 70 }),
        errorChunk({ id: 4000, code: 'FRAGMENT_NOT_FOUND', fragmentNumber: '3' }),
      ),
    )
    const failed = {
      errorId: 4000,
      errorCode: 'FRAGMENT_NOT_FOUND',
      frames: 0,
      bytes: 0,
      endedBy: 'end-of-payload',
    }
    const unknown = {
      producerTimestamp: null,
      serverTimestamp: null,
      continuationToken: null,
      millisBehindNow: null,
    }
    assert.equal(
      await table(events),
      lines(
        row('1', { tags: { ENCODER: 'x', a: 'é"\n', b: 'AQI=' } }),
        row('2', { millisBehindNow: 70 }),
        row('3', { ...failed, ...unknown }),
      ),
    )
  })

  it('tells of a fragment that never ended, and of tags that came late', async () => {
    const events = await eventsOf(payload(fragment({ number: '1' }), fragment({ number: '2' })))
    const late: FragmentEvent = { type: 'late-tags', fragmentNumber: '2', tags: { a: 'b' } }
    const withoutEnd = events.filter(event => event.type !== 'fragment-end' || event.fragmentNumber !== '1')
    const none = {
      producerTimestamp: null,
      serverTimestamp: null,
      continuationToken: null,
      millisBehindNow: null,
    }
    assert.equal(
      await table([...withoutEnd, late]),
      lines(
        row('1', { continuationToken: null, millisBehindNow: null, endedBy: 'lost' }),
        row('2'),
        row('2', { ...none, frames: 0, bytes: 0, endedBy: 'late-tags', tags: { a: 'b' } }),
      ),
    )
  })

  it('gives CSV by RFC 4180, all tags in one column', async () => {
    const events = await eventsOf(fragment({ number: '1', tags: { place: 'door, "north"' } }))
    assert.equal(
      await table(events, { format: 'csv' }),
      'fragmentNumber,producerTimestamp,serverTimestamp,continuationToken,millisBehindNow,errorId,errorCode,frames,bytes,endedBy,tags\r\n' +
        '1,1700000000.000,1700000000.000,1,0,,,1,5,token,"{""place"":""door, \\""north\\""""}"\r\n',
    )
  })

  it('gives CSV with a column for each tag that is asked for', async () => {
    const events = await eventsOf(fragment({ number: '1', tags: { place: 'door, "north"', other: 'x' } }))
    const [header, first] = (
      await table(events, { format: 'csv', tagColumns: ['place', '__proto__'] })
    ).split('\r\n')
    assert.match(header!, /,endedBy,place,__proto__$/)
    assert.match(first!, /,token,"door, ""north""",$/)
  })

  it('gives the header of CSV also where there is no fragment', async () => {
    assert.deepEqual([await table([]), (await table([], { format: 'csv' })).split('\r\n').length], ['', 2])
  })

  it('refuses options that are none', () => {
    // @ts-expect-error: no such format
    assert.throws(() => new TagTable({ format: 'xml' }), { code: 'ERR_INVALID_OPTION' })
  })
})
