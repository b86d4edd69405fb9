import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Readable, type Transform } from 'readable-stream'
import { OptionError } from '../../lib/core/errors.ts'
import type { FragmentEvent } from '../../lib/get-media/events.ts'
import { MkvChunkDemuxer } from '../../lib/get-media/mkv-chunk-demuxer.ts'
import { PayloadReader } from '../../lib/get-media/payload-reader.ts'
import { TagExtractor } from '../../lib/get-media/tag-extractor.ts'
import { joinStages } from '../../lib/streams/join-stages.ts'
import { mutated, payloads } from '../matroska/arbitrary-payloads.ts'
import { randomCuts } from '../support/chunkings.ts'
import { errorChunk, fragment, payload } from '../support/mkv-builder.ts'

/** Everything that comes out, an error last, as text. */
async function read(chunks: Iterable<Uint8Array>, ...stages: [...Transform[], Transform]): Promise<string> {
  const lines: string[] = []
  try {
    for await (const event of joinStages(Readable.from(chunks), ...stages)) lines.push(lineOf(event))
  } catch (error) {
    lines.push(String(error))
  }
  return lines.join('\n')
}

function lineOf(event: FragmentEvent): string {
  const wallClock = event.type === 'frame' ? event.wallClock : null
  return JSON.stringify({ ...event, wallClock }, (_key, value) =>
    typeof value === 'bigint' ? String(value) : value,
  )
}

describe('PayloadReader gives what MkvChunkDemuxer and TagExtractor give', () => {
  const seed = fc.integer({ min: 0, max: 2 ** 31 })
  const kinds = [
    ['any payload', payloads],
    ['any payload that is broken', mutated],
  ] as const
  for (const [name, bytes] of kinds) {
    it(`of ${name}, however it is cut`, async () => {
      await fc.assert(
        fc.asyncProperty(bytes, seed, async (input, cuts) => {
          const expected = await read([input], new MkvChunkDemuxer(), new TagExtractor())
          assert.equal(await read(randomCuts(input, cuts), new PayloadReader()), expected)
        }),
        { numRuns: 100 },
      )
    })
  }

  it('of a payload with an error tag: the events before it, then its error', async () => {
    const input = payload(fragment({ number: '1' }), errorChunk({ id: 5000, fragmentNumber: '2' }))
    const given = await read([input], new PayloadReader())
    assert.equal(given, await read([input], new MkvChunkDemuxer(), new TagExtractor()))
    assert.match(given, /"fragment-end".*\n.*5000/)
  })
})

describe('PayloadReader', () => {
  it('refuses limits that are none at once', () => {
    assert.throws(() => new PayloadReader({ maxFrameBytes: 0 }), OptionError)
  })
})
