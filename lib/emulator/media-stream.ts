import { readFile } from 'node:fs/promises'
import { OptionError } from '../errors.ts'
import { choiceOption, numberOption } from '../options.ts'
import { CallLimiter } from './call-limiter.ts'
import type { MediaFragment, StoredFragment } from './fragment.ts'
import { FragmentNumbers } from './fragment-number.ts'
import { splitFragments } from './fragment-splitter.ts'
import { FragmentStore } from './fragment-store.ts'
import { type LiveOptions, LivePlay } from './live-play.ts'
import { type FragmentTimecodeType, ProducerClock } from './producer-clock.ts'
import type { Limits, Settings } from './settings.ts'

/** MKV to load: a file's path, or its bytes. */
export type MediaSource = string | Uint8Array

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
  readonly source?: MediaSource
  readonly deviceName?: string
  readonly mediaType?: string
  /** Told by DescribeStream; fragments do not expire. @default 24 */
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

/** A Kinesis video stream of the emulator: its name and its fragments, to which more can be added at any time. */
export class MediaStream {
  readonly name: string
  readonly arn: string
  readonly createdMs: number
  readonly deviceName: string | undefined
  readonly mediaType: string
  readonly dataRetentionInHours: number
  readonly version: string
  /** @internal */
  readonly store = new FragmentStore()
  readonly #settings: Settings
  readonly #numbers: FragmentNumbers
  readonly #callLimiters = new Map<keyof Limits, CallLimiter>()
  readonly #plays = new Set<LivePlay>()
  #sessions = 0

  constructor(options: StreamOptions, settings: Settings) {
    if (!/^[a-zA-Z0-9_.-]{1,256}$/.test(options.name)) {
      throw new OptionError('name', 'be 1 to 256 of a-z A-Z 0-9 _ . -', options.name)
    }
    this.name = options.name
    this.createdMs = Math.round(settings.clock.wallClockMs())
    this.arn = `arn:aws:kinesisvideo:${settings.region}:${settings.accountId}:stream/${options.name}/${this.createdMs}`
    this.deviceName = options.deviceName
    this.mediaType = options.mediaType ?? 'video/h264'
    this.dataRetentionInHours = numberOption('dataRetentionInHours', options.dataRetentionInHours, 24)
    this.version = randomVersion(settings.random)
    this.#settings = settings
    this.#numbers = new FragmentNumbers(settings.random)
  }

  /** The stored fragments, oldest first. */
  get fragments(): readonly StoredFragment[] {
    return this.store.all()
  }

  /** Open GetMedia sessions. */
  get openSessions(): number {
    return this.#sessions
  }

  /**
   * Stores all fragments of some media at once, dated one after the other, as a producer would have sent them.
   *
   * @throws MkvSyntaxError for bytes that are no Matroska, OptionError where they hold no Cluster
   */
  async load(source: MediaSource, options: LoadOptions = {}): Promise<readonly StoredFragment[]> {
    const media = await readMedia(source)
    const lengthMs = media.reduce((sum, fragment) => sum + fragment.durationMs, 0)
    let serverMs = epochMs('serverStart', options.serverStart) ?? this.#nowMs() - lengthMs
    const producer = this.#startProducer(media[0]!, options, serverMs)
    return media.map(fragment => {
      const recorded = options.keepRecorded ? fragment.recorded : undefined
      const stored = this.#store(fragment, recorded ?? producer.date(fragment, serverMs))
      serverMs += fragment.durationMs
      return stored
    })
  }

  /**
   * Adds fragments that the service gets now; waiting sessions send them at once.
   *
   * @param media a fragment as `splitFragments` gives it, or MKV bytes, of which each Cluster is one
   * @returns what was stored
   */
  append(media: MediaFragment | Uint8Array, options: AppendOptions = {}): readonly StoredFragment[] {
    const fragments = media instanceof Uint8Array ? splitMedia(media) : [media]
    const serverTimestampMs = options.serverTimestampMs ?? this.#nowMs()
    const producerTimestampMs = options.producerTimestampMs ?? serverTimestampMs
    return fragments.map((fragment, index) =>
      this.#store(fragment, {
        serverTimestampMs,
        producerTimestampMs: producerTimestampMs + fragment.timestampMs - fragments[0]!.timestampMs,
        number: index === 0 ? options.number : undefined,
      }),
    )
  }

  /**
   * Feeds media in real time: each fragment appears when its Cluster's timestamp says, from now on, and that is its
   * server time. With `loop` the producer begins anew at the end, its Cluster timestamps set back, as cameras do.
   */
  async playLive(source: MediaSource, options: LiveOptions = {}): Promise<LivePlay> {
    const media = await readMedia(source)
    const producer = this.#startProducer(media[0]!, options, this.#nowMs())
    const play = new LivePlay(media, options, this.#settings.clock, fragment => {
      this.#store(fragment, producer.date(fragment, this.#nowMs()))
    })
    this.#plays.add(play)
    void play.done.finally(() => this.#plays.delete(play))
    return play
  }

  /** Ends everything that still feeds this stream. @internal */
  async stop(): Promise<void> {
    await Promise.all([...this.#plays].map(play => play.stop()))
  }

  /** Whether one more call may pass under a limit now; it then counts. @internal */
  takeCall(limit: keyof Limits): boolean {
    let limiter = this.#callLimiters.get(limit)
    if (limiter === undefined) {
      limiter = new CallLimiter(this.#settings.limits[limit], this.#settings.clock)
      this.#callLimiters.set(limit, limiter)
    }
    return limiter.tryTake()
  }

  /** Whether one more session may open; the newest is refused. @internal */
  get hasFreeSession(): boolean {
    return this.#sessions < this.#settings.limits.getMediaSessions
  }

  /** Takes a session slot; the result gives it back. @internal */
  takeSession(): () => void {
    this.#sessions++
    let isHeld = true
    return () => {
      if (isHeld) this.#sessions--
      isHeld = false
    }
  }

  #startProducer(first: MediaFragment, options: LoadOptions, serverMs: number): ProducerClock {
    this.#numbers.startSession()
    const type = choiceOption('fragmentTimecodeType', options.fragmentTimecodeType, 'RELATIVE', [
      'RELATIVE',
      'ABSOLUTE',
    ])
    const startMs = epochMs('producerStart', options.producerStart) ?? serverMs - first.timestampMs
    return new ProducerClock(type, startMs, () => this.#numbers.startSession())
  }

  #store(
    fragment: MediaFragment,
    dated: { serverTimestampMs: number; producerTimestampMs: number; number?: bigint | undefined },
  ): StoredFragment {
    const serverTimestampMs = Math.round(dated.serverTimestampMs)
    const producerTimestampMs = Math.round(dated.producerTimestampMs)
    const number = dated.number ?? this.#numbers.next(serverTimestampMs)
    this.#numbers.observe(number)
    const stored = { ...fragment, number, serverTimestampMs, producerTimestampMs }
    this.store.add(stored)
    return stored
  }

  #nowMs(): number {
    return this.#settings.clock.wallClockMs()
  }
}

async function readMedia(source: MediaSource): Promise<readonly MediaFragment[]> {
  return splitMedia(typeof source === 'string' ? await readFile(source) : source)
}

function splitMedia(bytes: Uint8Array): readonly MediaFragment[] {
  const fragments = splitFragments(bytes)
  if (fragments.length === 0) throw new OptionError('source', 'hold a whole Cluster', `${bytes.length} bytes`)
  return fragments
}

function epochMs(name: string, time: Date | number | undefined): number | undefined {
  if (time === undefined) return undefined
  return numberOption(name, time instanceof Date ? time.getTime() : time, 0)
}

/** Twenty letters and digits, as the real service's (facts 1.6). */
function randomVersion(random: () => number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  return Array.from({ length: 20 }, () => alphabet.charAt(Math.floor(random() * alphabet.length))).join('')
}
