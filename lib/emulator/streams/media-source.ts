import { readFile } from 'node:fs/promises'
import { OptionError } from '../../core/errors.ts'
import { numberOption } from '../../core/options.ts'
import type { HeaderTags } from '../ingest/ingest-settings.ts'
import type { MediaFragment } from './fragment.ts'
import { splitFragments } from './fragment-splitter.ts'

/** MKV to load: a file's path, or its bytes. */
export type MediaSource = string | Uint8Array

/** The fragments of a source. @throws MkvSyntaxError, OptionError where it holds no Cluster */
export async function readMedia(
  source: MediaSource,
  headerTags: HeaderTags,
): Promise<readonly MediaFragment[]> {
  return splitMedia(typeof source === 'string' ? await readFile(source) : source, headerTags)
}

/** The fragments of MKV bytes. @throws MkvSyntaxError, OptionError where they hold no Cluster */
export function splitMedia(bytes: Uint8Array, headerTags: HeaderTags): readonly MediaFragment[] {
  const fragments = splitFragments(bytes, headerTags)
  if (fragments.length === 0) throw new OptionError('source', 'hold a whole Cluster', `${bytes.length} bytes`)
  return fragments
}

/** A time option in epoch milliseconds. @throws OptionError */
export function epochMs(name: string, time: Date | number | undefined): number | undefined {
  if (time === undefined) return undefined
  return numberOption(name, time instanceof Date ? time.getTime() : time, 0)
}
