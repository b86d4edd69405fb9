import { describeValue } from '../core/errors.ts'
import type { FragmentEvent } from '../get-media/events.ts'
import type { MkvEvent } from '../matroska/reader/events.ts'
import { StageInputError } from './stage-input-error.ts'

/** Checks of what is written to a stage; each gives the error to end it with, or `undefined`. */

const MKV_EVENTS: Readonly<Record<string, true>> = {
  ...{ 'document-start': true, info: true, tracks: true, tags: true, cluster: true, frame: true },
  ...{ 'cluster-end': true, 'document-end': true, truncated: true, warning: true },
} satisfies Record<MkvEvent['type'], true>

const FRAGMENT_EVENTS: Readonly<Record<string, true>> = {
  ...{ 'fragment-start': true, frame: true, 'fragment-end': true, 'late-tags': true, truncated: true },
  ...{ discontinuity: true, gap: true, warning: true },
} satisfies Record<FragmentEvent['type'], true>

/** For a stage that takes `FragmentEvent`s: every output. */
export function wrongFragmentEvent(stage: string, value: unknown): StageInputError | undefined {
  if (hasType(value, FRAGMENT_EVENTS)) return undefined
  const hint = isBytes(value)
    ? 'Pipe the bytes through MkvChunkDemuxer and TagExtractor first, or use getMedia().'
    : 'Put TagExtractor before it, behind MkvChunkDemuxer, or use getMedia().'
  return new StageInputError(stage, 'FragmentEvents', kindOf(value), hint)
}

/** Calls back with the error for what is no `FragmentEvent`; false for one, which is the stage's to take. */
export function refusesEvent(stage: string, value: unknown, callback: (error: Error) => void): boolean {
  const wrong = wrongFragmentEvent(stage, value)
  if (wrong !== undefined) callback(wrong)
  return wrong !== undefined
}

/** For a stage that takes `MkvEvent`s. */
export function wrongMkvEvent(stage: string, value: unknown): StageInputError | undefined {
  if (hasType(value, MKV_EVENTS)) return undefined
  const hint = hasType(value, FRAGMENT_EVENTS)
    ? `Leave ${stage} out: its work is done.`
    : 'Put MkvChunkDemuxer before it.'
  return new StageInputError(stage, 'MkvEvents', kindOf(value), hint)
}

/** For a stage that takes bytes. A string passes: streams make bytes of it. */
export function wrongBytes(stage: string, value: unknown): StageInputError | undefined {
  if (value instanceof Uint8Array || typeof value === 'string' || value === null) return undefined
  const isEvent = hasType(value, FRAGMENT_EVENTS) || hasType(value, MKV_EVENTS)
  const hint = isEvent ? HINTS_FOR_EVENTS[stage] : undefined
  return new StageInputError(stage, 'bytes', kindOf(value), hint ?? 'Give it Buffers or Uint8Arrays.')
}

const EVENTS_TO_MKV = 'Put MkvSegmentMerger before it: it makes Matroska of FragmentEvents.'

const HINTS_FOR_EVENTS: Readonly<Record<string, string>> = {
  MkvChunkDemuxer: 'Leave MkvChunkDemuxer out: its work is done.',
  ThrottleGuard: 'It belongs before MkvChunkDemuxer, where the bytes are.',
  PutMediaSink: EVENTS_TO_MKV,
  FileSink: EVENTS_TO_MKV,
}

/** Ends a stream with an error, as a failed `write` does; for an override of `write`, whose result it gives. */
export function failWrite(
  stream: { destroy(error: Error): unknown },
  error: Error,
  encoding: unknown,
  callback: unknown,
): false {
  const done = typeof encoding === 'function' ? encoding : callback
  stream.destroy(error)
  if (typeof done === 'function') queueMicrotask(() => done(error))
  return false
}

function hasType(value: unknown, types: Readonly<Record<string, true>>): boolean {
  if (typeof value !== 'object' || value === null || !('type' in value)) return false
  return typeof value.type === 'string' && Object.hasOwn(types, value.type)
}

function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array || value instanceof ArrayBuffer || typeof value === 'string'
}

function kindOf(value: unknown): string {
  if (typeof value === 'string') return `a string of ${value.length} characters`
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) {
    return `${value instanceof Buffer ? 'a Buffer' : 'an array'} of ${value.byteLength} bytes`
  }
  if (hasType(value, FRAGMENT_EVENTS) && !hasType(value, MKV_EVENTS))
    return `the FragmentEvent ${typeOf(value)}`
  if (hasType(value, MKV_EVENTS)) return `the MkvEvent ${typeOf(value)}`
  return describeValue(value)
}

function typeOf(value: unknown): string {
  return `"${(value as { readonly type: string }).type}"`
}
