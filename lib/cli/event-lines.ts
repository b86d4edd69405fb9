import { createHash } from 'node:crypto'
import type { FragmentEnd, FragmentEvent, FragmentWarning, TagValue } from '../index.ts'

/** The JSON lines of `inspect` and `get`: their names and fields are a contract. A warning has none. */
export function eventLine(event: FragmentEvent, withHash: boolean): string {
  if (event.type === 'warning') return ''
  return `${JSON.stringify(toObject(event, withHash))}\n`
}

function toObject(event: Exclude<FragmentEvent, FragmentWarning>, withHash: boolean): object {
  switch (event.type) {
    case 'fragment-start':
      return {
        event: 'fragment',
        fragmentNumber: event.fragmentNumber,
        producerTimestamp: event.producerTimestampText,
        serverTimestamp: event.serverTimestampText,
        tracks: event.tracks.map(({ number, type, codecId, name }) => ({
          number,
          type,
          codecId,
          name: name ?? null,
        })),
      }
    case 'frame': {
      const { track, timestampMs, keyframe, data } = event
      const frame = { event: 'frame', track, timestampMs, keyframe, size: data.length }
      return withHash ? { ...frame, sha1: createHash('sha1').update(data).digest('hex') } : frame
    }
    case 'fragment-end':
      return {
        event: 'fragment-end',
        fragmentNumber: event.fragmentNumber,
        continuationToken: event.continuationToken,
        millisBehindNow: event.millisBehindNow,
        errorId: event.errorId,
        errorCode: event.errorCode,
        frames: event.frames,
        bytes: event.bytes,
        tags: textTags(event.tags),
        ...eventsOf(event),
      }
    case 'truncated':
      return { event: 'truncated', byteOffset: event.byteOffset, fragmentNumber: event.fragmentNumber }
    case 'late-tags':
      return { event: 'late-tags', fragmentNumber: event.fragmentNumber, tags: textTags(event.tags) }
    default: {
      const { type, ...fields } = event
      return { event: type, ...fields }
    }
  }
}

/** The producer's events, where there are any. */
function eventsOf({ events }: FragmentEnd): object {
  if (events.length === 0) return {}
  return {
    events: events.map(({ pairs, ...event }) => ({
      ...event,
      pairs: pairs.map(({ name, value }) => ({ name, value: textOf(value) })),
    })),
  }
}

/** Binary tags as base64. Without a prototype, a tag may have any name. */
function textTags(tags: Readonly<Record<string, TagValue>>): Record<string, string> {
  const texts = Object.create(null) as Record<string, string>
  for (const [name, value] of Object.entries(tags)) {
    texts[name] = textOf(value)
  }
  return texts
}

function textOf(value: TagValue): string {
  return typeof value === 'string' ? value : Buffer.from(value).toString('base64')
}
