import type { MkvEvent, MkvFrame } from '../../lib/matroska/reader/events.ts'
import { MkvReader, type MkvReaderOptions } from '../../lib/matroska/reader/mkv-reader.ts'

/** What a reader gives for a payload in portions: every event, and the error that ended it. */
export type Reading = { readonly events: readonly MkvEvent[]; readonly error: Error | undefined }

export function readMkv(chunks: Iterable<Uint8Array>, options: MkvReaderOptions = {}): Reading {
  const reader = new MkvReader(options)
  const events: MkvEvent[] = []
  const drain = () => {
    for (let event = reader.next(); event !== undefined; event = reader.next()) events.push(event)
  }
  try {
    for (const chunk of chunks) {
      reader.push(chunk)
      drain()
    }
    reader.end()
    drain()
  } catch (error) {
    return { events, error: error as Error }
  }
  return { events, error: undefined }
}

/** A reading as text: compared in a moment, where `deepEqual` of thousands of events takes long. */
export function digest({ events, error }: Reading): string {
  return `${events.map(lineOf).join('\n')}\n${error?.message ?? ''}`
}

export function lineOf(event: MkvEvent): string {
  return JSON.stringify(event, (_key, field) => (typeof field === 'bigint' ? String(field) : field))
}

/** The events of bytes that must be right. */
export function eventsOf(bytes: Uint8Array, options: MkvReaderOptions = {}): readonly MkvEvent[] {
  const { events, error } = readMkv([bytes], options)
  if (error !== undefined) throw error
  return events
}

export function framesOf(bytes: Uint8Array): MkvFrame[] {
  return eventsOf(bytes).filter(event => event.type === 'frame')
}

/** The frames' data as text. */
export function textsOf(bytes: Uint8Array): string[] {
  return framesOf(bytes).map(({ data }) => Buffer.from(data).toString())
}

/** The types of the events, in their order. */
export function typesOf({ events }: Reading): string[] {
  return events.map(({ type }) => type)
}

/** An error as its code, offset and path: what a program can rely on. */
export function faultOf(error: Error | undefined): object | undefined {
  if (error === undefined) return undefined
  const { code, byteOffset, elementPath } = error as Error &
    Record<'code' | 'byteOffset' | 'elementPath', unknown>
  return { code, byteOffset, elementPath }
}
