import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import type { FragmentEvent } from '../../lib/get-media/events.ts'
import { FragmentAssembler } from '../../lib/get-media/fragment-assembler.ts'
import { flattenTags } from '../../lib/matroska/reader/tags.ts'
import type { Track } from '../../lib/matroska/reader/tracks.ts'
import { assembled } from '../support/assembled.ts'
import { cutEvery, randomCuts } from '../support/chunkings.ts'
import { requiresSharedData, sharedData } from '../support/requirements.ts'
import { type Reading, readMkv } from './read-mkv.ts'

/** What an independent reading of the specification finds; written beside each file. */
type Expected = {
  readonly truncated: boolean
  readonly ebmlHeaders: number
  readonly clusters: number
  readonly tracks: readonly {
    number: number
    type: string
    codec: string
    name: string | null
    private: string | null
  }[]
  readonly tags: readonly (readonly [string, string])[]
  readonly frames: readonly {
    track: number
    timecode: number
    scale: number
    key: boolean
    size: number
    sha1: string
  }[]
  readonly fragments: readonly ExpectedFragment[]
}

type ExpectedFragment = {
  readonly number: string | null
  readonly producerTimestamp: string | null
  readonly serverTimestamp: string | null
  readonly continuationToken: string | null
  readonly millisBehindNow: string | null
  readonly errorCode: string | null
  readonly errorId: string | null
  readonly frames: number
  readonly bytes: number
  readonly tags: Readonly<Record<string, string>>
}

const sha1Start = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest('hex').slice(0, 12)

/** The events in the form of the expected file. */
function summaryOf({ events, error }: Reading): object {
  const fragments = fragmentsOf(events)
  return {
    error,
    truncated: events.at(-1)?.type === 'truncated',
    ebmlHeaders: events.filter(({ type }) => type === 'document-start').length,
    clusters: events.filter(({ type }) => type === 'cluster').length,
    tracks: (events.find(event => event.type === 'tracks')?.tracks ?? []).map(trackSummary),
    tags: events.flatMap(event =>
      event.type === 'tags' ? Array.from(flattenTags(event.tags), ({ name, value }) => [name, value]) : [],
    ),
    frames: events.flatMap(event =>
      event.type === 'frame'
        ? [
            {
              track: event.track,
              timestampMs: event.timestampMs,
              keyframe: event.keyframe,
              size: event.data.length,
              sha1: sha1Start(event.data),
            },
          ]
        : [],
    ),
    fragments,
  }
}

function trackSummary({ number, type, codecId, name, codecPrivate }: Track): object {
  return {
    number,
    type,
    codec: codecId,
    name: name ?? null,
    private: codecPrivate === undefined ? null : sha1Start(codecPrivate),
  }
}

function fragmentsOf(events: Reading['events']): object[] {
  const assembler = new FragmentAssembler({ fragmentEnd: 'document', errorTags: 'report' })
  const given: FragmentEvent[] = []
  for (const event of events) {
    given.push(...assembled(assembler, event))
  }
  const starts = given.filter(event => event.type === 'fragment-start')
  const ends = given.filter(event => event.type === 'fragment-end')
  return ends.map((end, index) => ({
    number: end.fragmentNumber,
    producerTimestamp: starts[index]?.producerTimestampText,
    serverTimestamp: starts[index]?.serverTimestampText,
    continuationToken: end.continuationToken,
    millisBehindNow: end.millisBehindNow,
    errorCode: end.errorCode,
    errorId: end.errorId,
    frames: end.frames,
    bytes: end.bytes,
    tags: { ...end.tags },
  }))
}

const numberOrNull = (text: string | null) => (text === null ? null : Number(text))

/** The expected file in the form of our summary: the fragment that is broken off has no end. */
function expectedSummary(expected: Expected): object {
  const whole = expected.truncated ? expected.fragments.slice(0, -1) : expected.fragments
  return {
    error: undefined,
    truncated: expected.truncated,
    ebmlHeaders: expected.ebmlHeaders,
    clusters: expected.clusters,
    tracks: expected.tracks,
    tags: expected.tags,
    frames: expected.frames.map(({ track, timecode, scale, key, size, sha1 }) => ({
      track,
      timestampMs: (timecode * scale) / 1e6,
      keyframe: key,
      size,
      sha1,
    })),
    fragments: whole.map(
      ({
        number,
        producerTimestamp,
        serverTimestamp,
        continuationToken,
        millisBehindNow,
        errorCode,
        errorId,
        frames,
        bytes,
        tags,
      }) => ({
        number,
        producerTimestamp,
        serverTimestamp,
        continuationToken,
        millisBehindNow: numberOrNull(millisBehindNow),
        errorCode,
        errorId: numberOrNull(errorId),
        frames,
        bytes,
        tags,
      }),
    ),
  }
}

const names = [
  'clusters',
  'empty-mkv-with-tags',
  'output-get-media-non-increasing-timecode',
  'output_get_media',
  'test_mixed_tags',
  'test_tags_empty_cluster',
]

for (const name of names) {
  describe(
    `${name}.mkv reads as the specification says`,
    requiresSharedData(`${name}.mkv`, `${name}.expected.json`),
    () => {
      const read = () => readFileSync(sharedData(`${name}.mkv`)!)
      const expected = () =>
        expectedSummary(JSON.parse(readFileSync(sharedData(`${name}.expected.json`)!, 'utf8')) as Expected)

      it('whole', () => assert.deepEqual(summaryOf(readMkv([read()])), expected()))
      it('one byte at a time', () => assert.deepEqual(summaryOf(readMkv(cutEvery(read(), 1))), expected()))
      it('at random splits', () => {
        for (let seed = 1; seed <= 10; seed++) {
          assert.deepEqual(summaryOf(readMkv(randomCuts(read(), seed))), expected(), `seed ${seed}`)
        }
      })
    },
  )
}
