import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { startEmulator } from '../../lib/emulator/index.ts'
import { PutMediaError } from '../../lib/emulator/ingest/error-codes.ts'
import { FragmentReader } from '../../lib/emulator/ingest/fragment-reader.ts'
import { ELEMENT_IDS as ID } from '../../lib/matroska/schema/elements.ts'
import { element, encodeId, encodeSize } from '../../lib/matroska/writer/writer.ts'
import { randomCuts } from '../support/chunkings.ts'
import { cluster, document, ebmlHeader, info, segmentHead, tags, tracks } from '../support/mkv-builder.ts'
import { PutMediaClient, summary } from '../support/put-media-client.ts'

const LIMITS = { maxBytes: 50_000_000, maxDurationMs: 20_000, minDurationMs: 0, maxTracks: 3, maxTags: 10 }
const VALID = document(
  info(),
  tracks([{}, { type: 'audio' }]),
  tags({ ENCODER: 'specs' }),
  ...[0, 1, 2].flatMap(index => [
    cluster({ timestamp: index * 1000, blocks: [{ at: 0 }, { at: 5, track: 2 }], unknownSize: index === 1 }),
    tags({ MOTION: 'yes' }),
  ]),
)

/** What a reader makes of a body: whole fragments, then an error or the end. */
function read(chunks: readonly Uint8Array[]): readonly string[] {
  const reader = new FragmentReader(LIMITS)
  const told: string[] = []
  const tell = (event: ReturnType<FragmentReader['next']>) => {
    if (event?.type === 'fragment') told.push(`${event.media.timestampMs}: ${event.media.cluster.length}`)
    return event !== undefined
  }
  try {
    for (const chunk of chunks) {
      reader.push(chunk)
      while (tell(reader.next()));
    }
    tell(reader.end(false))
  } catch (error) {
    if (!(error instanceof PutMediaError)) throw error
    told.push(error.errorCode)
  }
  return told
}

describe('a PutMedia body that is damaged anywhere', () => {
  const damages = fc.array(fc.tuple(fc.nat(VALID.length - 1), fc.integer({ min: 0, max: 255 })), {
    maxLength: 4,
  })

  it('ends in fragments and one of the API’s errors, the same however it is cut', () => {
    fc.assert(
      fc.property(damages, fc.nat(VALID.length), fc.nat(), (places, end, seed) => {
        const body = Buffer.from(VALID)
        for (const [place, byte] of places) body[place] = byte
        const cut = body.subarray(0, end)
        assert.deepEqual(read(randomCuts(cut, seed)), read([cut]))
      }),
      { numRuns: 2000 },
    )
  })

  it('is refused for bytes of any kind, without a failure of ours', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), noise => {
        read([noise])
        read([Buffer.concat([VALID.subarray(0, 200), noise])])
      }),
      { numRuns: 2000 },
    )
  })
})

/** Bodies without end, as chunks that repeat. */
const ENDLESS: [string, Uint8Array, Uint8Array, string][] = [
  [
    'header of one element',
    Buffer.concat([ebmlHeader(), segmentHead(), bigHead(ID.Void)]),
    Buffer.alloc(65_536),
    '4006',
  ],
  [
    'header of empty elements',
    Buffer.concat([ebmlHeader(), segmentHead()]),
    repeat(element(ID.Void, Buffer.alloc(0))),
    '4006',
  ],
  ['header of tags', Buffer.concat([ebmlHeader(), segmentHead()]), repeat(tags({ A: 'b' })), '4006'],
  ['EBML header', bigHead(ID.EBML), Buffer.alloc(65_536, 0xec), '4006'],
  [
    'fragment of one block',
    Buffer.concat([open(), bigHead(ID.SimpleBlock, 40_000_000)]),
    Buffer.alloc(65_536),
    '4001',
  ],
  ['fragment of empty elements', open(), repeat(element(ID.Void, Buffer.alloc(0))), '4001'],
  [
    'trailer of empty elements',
    document(info(), tracks(), cluster({ blocks: [{}] })),
    repeat(element(ID.Void, Buffer.alloc(0))),
    '4001',
  ],
  [
    'Tags of empty tags',
    Buffer.concat([document(info(), tracks()), hugeTags()]),
    repeat(element(ID.SimpleTag, Buffer.alloc(0))),
    '4009',
  ],
]

function bigHead(id: number, size = 2 ** 40): Buffer {
  return Buffer.concat([encodeId(id), encodeSize(size, 8)])
}

function hugeTags(): Buffer {
  return Buffer.concat([bigHead(ID.Tags), bigHead(ID.Tag, 2 ** 39)])
}

function open(): Buffer {
  return document(info(), tracks(), cluster({ blocks: [{}], unknownSize: true }))
}

function repeat(bytes: Uint8Array): Buffer {
  return Buffer.concat(Array.from({ length: Math.ceil(65_536 / bytes.length) }, () => bytes))
}

describe('a PutMedia body without end', () => {
  for (const [what, head, rest, errorId] of ENDLESS) {
    it(`ends with ${errorId} for a ${what}, in bounded memory`, async () => {
      await using emulator = await startEmulator({
        limits: 'off',
        fragmentLimits: { maxBytes: 20_000_000 },
      })
      await emulator.addStream({ name: 'door' })
      const producer = new PutMediaClient(emulator.url)
      await producer.write(head)
      const before = process.memoryUsage().rss
      let sent = 0
      let most = before
      while (producer.acks.every(ack => ack.EventType !== 'ERROR') && sent < 200_000_000) {
        await producer.write(rest)
        sent += rest.length
        most = Math.max(most, process.memoryUsage().rss)
      }
      producer.destroy()
      await producer.done
      assert.equal(summary(producer.acks).at(-1), `ERROR ${errorId}`)
      assert.ok(most - before < 250_000_000, `${most - before} bytes more`)
    })
  }
})
