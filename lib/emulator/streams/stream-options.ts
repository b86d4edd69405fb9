import { optionNames } from '../../core/options.ts'
import type { MediaSource } from './media-source.ts'
import type { FragmentTimecodeType } from './producer-clock.ts'

export type { MediaSource } from './media-source.ts'

/** How loaded media is dated. */
export type LoadOptions = {
  /** When the service began to get the first fragment. @default so that the last fragment ends now */
  readonly serverStart?: Date | number
  /** When the producer began, for `RELATIVE`. @default `serverStart`, less the first Cluster's timestamp */
  readonly producerStart?: Date | number
  /** Whether Cluster timestamps count from the producer's start, or are the producer's time themselves. @default 'RELATIVE' */
  readonly fragmentTimecodeType?: FragmentTimecodeType
  /** Keeps the numbers and the times that a recording of GetMedia brings. @default false */
  readonly keepRecorded?: boolean
}

/** A stream and its media. */
export type StreamOptions = LoadOptions & {
  readonly name: string
  /**
   * The only region that has the stream. Without it every region has this same stream, under an ARN of its own in each.
   * @default the service's `region` where that is set, else every region
   */
  readonly region?: string
  readonly source?: MediaSource
  readonly deviceName?: string
  readonly mediaType?: string
  /** How long fragments stay from when they were stored; with 0 in memory only, as the ingest host keeps them. @default 24 */
  readonly dataRetentionInHours?: number
}

/** The facts that differ from what would be decided for one appended fragment. */
export type AppendOptions = {
  /** @default now */
  readonly serverTimestampMs?: number
  /** @default the server's */
  readonly producerTimestampMs?: number
  /** @default the next number of the real shape */
  readonly number?: bigint
}

export const LOAD_OPTIONS = optionNames<LoadOptions>({
  ...{ serverStart: true, producerStart: true, fragmentTimecodeType: true, keepRecorded: true },
})
export const STREAM_OPTIONS = optionNames<StreamOptions>({
  ...{ serverStart: true, producerStart: true, fragmentTimecodeType: true, keepRecorded: true },
  ...{
    name: true,
    source: true,
    deviceName: true,
    mediaType: true,
    dataRetentionInHours: true,
    region: true,
  },
})
export const APPEND_OPTIONS = optionNames<AppendOptions>({
  ...{ serverTimestampMs: true, producerTimestampMs: true, number: true },
})
