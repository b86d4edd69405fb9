import { chunkByteLength } from '../archive/fragment-list-body.ts'
import { type FragmentRange, readPage } from '../archive/fragment-pages.ts'
import { readPageToken, writePageToken } from '../archive/page-token.ts'
import { admitToMedia } from '../limits/admission.ts'
import { ONE_STREAM, STREAM_MEMBERS } from '../server/members.ts'
import { invalidArgument, tooManyCalls } from '../server/service-exception.ts'
import type { StoredFragment } from '../streams/fragment.ts'
import type { MediaStream } from '../streams/media-stream.ts'
import { defineOperation } from './operation.ts'

const OPERATION = 'ListFragments'
/** Page size where the request names none. */
const DEFAULT_RESULTS = 100

/** A time in epoch seconds. */
const TIMESTAMP = { type: 'number', required: true, min: 0 } as const

/** ListFragments: what is archived of a stream between two times, in pages and in no order. */
export const listFragments = defineOperation({
  name: OPERATION,
  path: '/listFragments',
  request: {
    type: 'structure',
    members: {
      ...STREAM_MEMBERS,
      MaxResults: { type: 'number', integer: true, min: 1, max: 1000 },
      NextToken: { type: 'string', minLength: 1, maxLength: 4096, pattern: /[a-zA-Z0-9+/]+={0,2}/ },
      FragmentSelector: {
        type: 'structure',
        members: {
          FragmentSelectorType: {
            type: 'string',
            required: true,
            choices: ['PRODUCER_TIMESTAMP', 'SERVER_TIMESTAMP'],
          },
          TimestampRange: {
            type: 'structure',
            required: true,
            members: { StartTimestamp: TIMESTAMP, EndTimestamp: TIMESTAMP },
          },
        },
      },
    },
    oneOf: ONE_STREAM,
  },
  handle(request, service, record) {
    const stream = admitToMedia({ operation: OPERATION, rates: {} }, request, service, record)
    const { NextToken, FragmentSelector, MaxResults = DEFAULT_RESULTS } = request
    const token = NextToken === undefined ? undefined : readPageToken(NextToken)
    const range = token?.range ?? rangeOf(FragmentSelector)
    if (!service.rates.tryTakePoints('fragmentMetadataPerSecond', stream, MaxResults)) {
      throw tooManyCalls(OPERATION, stream.name)
    }
    const page = readPage(stream.store, range, MaxResults, token?.position)
    const cutoffMs = service.settings.clock.wallClockMs() - stream.dataRetentionInHours * 3_600_000
    requireRetention(stream, range, page.fragments.length, cutoffMs)
    const next = page.next === undefined ? undefined : writePageToken({ range, position: page.next })
    return { json: { Fragments: page.fragments.map(fragmentInfo), NextToken: next } }
  },
})

type Selector = {
  readonly FragmentSelectorType: 'PRODUCER_TIMESTAMP' | 'SERVER_TIMESTAMP'
  readonly TimestampRange: { readonly StartTimestamp: number; readonly EndTimestamp: number }
}

function rangeOf(selector: Selector | undefined): FragmentRange {
  if (selector === undefined) throw invalidArgument('One of FragmentSelector or NextToken must be given')
  const { StartTimestamp, EndTimestamp } = selector.TimestampRange
  if (StartTimestamp > EndTimestamp) throw invalidArgument('StartTimestamp must not be after EndTimestamp')
  return {
    order: selector.FragmentSelectorType === 'SERVER_TIMESTAMP' ? 'server' : 'producer',
    // Fragments begin at whole milliseconds.
    fromMs: Math.ceil(exactMs(StartTimestamp)),
    toMs: Math.floor(exactMs(EndTimestamp)),
  }
}

/** Seconds as milliseconds, rid of what a fraction of a second loses as a binary number; far times are all one. */
function exactMs(seconds: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.round(seconds * 1e6) / 1000)
}

/** The text of the second was seen from the real service; producers may have any time. */
function requireRetention(stream: MediaStream, range: FragmentRange, found: number, cutoffMs: number): void {
  if (stream.dataRetentionInHours === 0) {
    throw invalidArgument(`The stream ${stream.name} retains no data: its DataRetentionInHours is 0.`)
  }
  if (found > 0 || range.order === 'producer' || range.toMs >= cutoffMs) return
  throw invalidArgument(`End timestamp ${range.toMs} is outside of the stream retention period.`)
}

function fragmentInfo(fragment: StoredFragment): Record<string, unknown> {
  return {
    FragmentNumber: String(fragment.number),
    FragmentSizeInBytes: chunkByteLength(fragment),
    ProducerTimestamp: fragment.producerTimestampMs / 1000,
    ServerTimestamp: fragment.serverTimestampMs / 1000,
    FragmentLengthInMilliseconds: Math.round(fragment.durationMs),
  }
}
