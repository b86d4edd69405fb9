import { type CallOptions, resolveCallSettings, timeoutOption } from '../aws/operations/call-settings.ts'
import type { StartSelector } from '../aws/operations/start-selector.ts'
import { knownOptions, numberOption, optionNames } from '../core/options.ts'
import { joinStages } from '../streams/join-stages.ts'
import type { MkvChunkDemuxerOptions } from './mkv-chunk-demuxer.ts'
import { PayloadReader } from './payload-reader.ts'
import { RetryingResumer, type RetryingResumerOptions } from './retrying-resumer.ts'
import {
  SignedGetMediaSource,
  type SignedGetMediaSourceOptions,
  SOURCE_OPTIONS,
} from './signed-get-media-source.ts'
import { ThrottleGuard, type ThrottleGuardOptions, type ThrottleMetrics } from './throttle-guard.ts'

/** The options of the five stages, together. */
export type GetMediaOptions = CallOptions &
  Pick<SignedGetMediaSourceOptions, 'idleTimeoutMs'> &
  Omit<RetryingResumerOptions, 'attempt' | 'startSelector' | 'clock' | 'reportsAdmission'> &
  Pick<ThrottleGuardOptions, 'paceBytesPerSecond'> &
  Omit<MkvChunkDemuxerOptions, 'signal' | 'seekable'> & {
    /** Where the first session starts. @default { type: 'NOW' } */
    readonly startSelector?: StartSelector
  }

const OPTIONS = optionNames<GetMediaOptions>({
  ...{ streamName: true, streamARN: true, region: true, endpoint: true, controlEndpoint: true },
  ...{ credentials: true, connectTimeoutMs: true, responseTimeoutMs: true, admissionTimeoutMs: true },
  ...{ clock: true, startSelector: true, signal: true, idleTimeoutMs: true, until: true, retry: true },
  ...{ random: true, paceBytesPerSecond: true, maxFrameBytes: true, maxMetadataBytes: true },
  ...{ maxMetadataElements: true },
})

/** What `getMedia` has measured so far, over all its sessions. */
export type GetMediaMetrics = ThrottleMetrics & {
  /** GetMedia calls made, the present one included; a session that waits for its turn is not. */
  readonly sessions: number
}

/** The stream that `getMedia` gives: a `RetryingResumer` of `FragmentEvent`s, and what it measures. */
export class GetMediaStream extends RetryingResumer {
  readonly #meters: SessionMeters

  /** @internal */
  constructor(options: RetryingResumerOptions, meters: SessionMeters) {
    super(options)
    this.#meters = meters
  }

  /** Bytes, rates and waiting times up to this moment. */
  get metrics(): GetMediaMetrics {
    return this.#meters.total()
  }
}

/**
 * Every frame of a Kinesis video stream, once and in order, through throttling, lost connections and session ends:
 * the five stages joined, demuxer and extractor in one stream. Options are checked at once (`OptionError`); the first call
 * is made when the stream is read.
 *
 * ```ts
 * for await (const event of getMedia({ streamName: 'door', startSelector: { type: 'EARLIEST' } })) {
 *   if (event.type === 'frame') console.log(event.wallClock, event.track, event.data.length)
 * }
 * ```
 *
 * Ends with the errors of `RetryingResumer`. Follows API_dataplane_GetMedia of the Kinesis Video Streams guide.
 */
export function getMedia(options: GetMediaOptions): GetMediaStream {
  checkAtOnce(options)
  const { startSelector = { type: 'NOW' }, signal, until, retry, clock, random, paceBytesPerSecond } = options
  const meters = new SessionMeters()
  const attempt: RetryingResumerOptions['attempt'] = (start, context) => {
    const source = new SignedGetMediaSource(sourceOptionsOf(options, start, context.signal))
    const guard = new ThrottleGuard({ clock, paceBytesPerSecond })
    meters.begin(guard)
    source.on('waiting', context.onWaiting)
    source.on('admitted', () => {
      meters.countSession()
      context.onAdmitted()
    })
    return joinStages(source, guard, new PayloadReader(limitsOf(options)))
  }
  return new GetMediaStream(
    { ...defined({ signal, until, retry, clock, random }), startSelector, attempt, reportsAdmission: true },
    meters,
  )
}

/** What the stages would refuse only when the stream is first read. */
function checkAtOnce(options: GetMediaOptions): void {
  knownOptions('getMedia', options, OPTIONS)
  resolveCallSettings(options)
  numberOption('paceBytesPerSecond', options.paceBytesPerSecond, 1, { min: 1 })
  timeoutOption('idleTimeoutMs', options.idleTimeoutMs)
  new PayloadReader(limitsOf(options)).destroy()
}

/** Without those of the other stages; read by name, so that inherited ones count too. */
function sourceOptionsOf(
  options: GetMediaOptions,
  startSelector: StartSelector,
  signal: AbortSignal,
): SignedGetMediaSourceOptions {
  const entries = SOURCE_OPTIONS.map(name => [name, options[name as keyof GetMediaOptions]])
  return { ...Object.fromEntries(entries), startSelector, signal } as SignedGetMediaSourceOptions
}

function limitsOf(options: GetMediaOptions): MkvChunkDemuxerOptions {
  const { maxFrameBytes, maxMetadataBytes, maxMetadataElements } = options
  return defined({ maxFrameBytes, maxMetadataBytes, maxMetadataElements })
}

/** Adds up the guards of one session after the other. */
class SessionMeters {
  #sessions = 0
  #guard: ThrottleGuard | undefined
  #before: Totals = { bytes: 0, heldBackMs: 0, waitedMs: 0, activeMs: 0 }

  begin(guard: ThrottleGuard): void {
    this.#before = this.#totals()
    this.#guard = guard
  }

  countSession(): void {
    this.#sessions++
  }

  total(): GetMediaMetrics {
    const { bytes, heldBackMs, waitedMs, activeMs } = this.#totals()
    const { bytesPerSecond = 0, capShare = 0 } = this.#guard?.metrics ?? {}
    const averageBytesPerSecond = activeMs > 0 ? (bytes * 1000) / activeMs : 0
    return {
      bytes,
      bytesPerSecond,
      averageBytesPerSecond,
      capShare,
      heldBackMs,
      waitedMs,
      sessions: this.#sessions,
    }
  }

  #totals(): Totals {
    const now = this.#guard?.metrics
    if (now === undefined) return this.#before
    const activeMs = now.averageBytesPerSecond > 0 ? (now.bytes * 1000) / now.averageBytesPerSecond : 0
    return {
      bytes: this.#before.bytes + now.bytes,
      heldBackMs: this.#before.heldBackMs + now.heldBackMs,
      waitedMs: this.#before.waitedMs + now.waitedMs,
      activeMs: this.#before.activeMs + activeMs,
    }
  }
}

type Totals = {
  readonly bytes: number
  readonly heldBackMs: number
  readonly waitedMs: number
  /** Time from each session's first byte to its end. */
  readonly activeMs: number
}

/** Leaves out what is `undefined`, which is not the same as absent to an exact type. */
function defined<T extends object>(values: T): { [Key in keyof T]?: NonNullable<T[Key]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: NonNullable<T[Key]>
  }
}
