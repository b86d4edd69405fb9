import { OptionError } from '../../core/errors.ts'
import { choiceOption, knownOptions } from '../../core/options.ts'
import type { Settings } from '../settings.ts'
import { FragmentStore } from '../storage/fragment-store.ts'
import type { StreamStorage } from '../storage/storage.ts'
import { type MediaFragment, type StoredFragment, storeFragment } from './fragment.ts'
import { FragmentNumbers } from './fragment-number.ts'
import { LIVE_OPTIONS, type LiveOptions, LivePlay } from './live-play.ts'
import { epochMs, type MediaSource, readMedia, splitMedia } from './media-source.ts'
import { ProducerClock } from './producer-clock.ts'
import { arnInRegion, formatStreamLabel, regionOfArn } from './region.ts'
import type { StreamMetadata } from './stream-metadata.ts'
import { APPEND_OPTIONS, type AppendOptions, LOAD_OPTIONS, type LoadOptions } from './stream-options.ts'

export type * from './stream-options.ts'

/** A Kinesis video stream of the emulator: its name and its fragments, to which more can be added at any time. */
export class MediaStream {
  readonly name: string
  /** The region that has it; `undefined` for a stream that every region has. */
  readonly region: string | undefined
  /** The ARN; for a stream that every region has, the one in the default region. See `arnIn`. */
  readonly arn: string
  readonly createdMs: number
  /** What the control operations tell and change. @internal */
  readonly metadata: StreamMetadata
  /** @internal */
  readonly store: FragmentStore
  readonly #settings: Settings
  readonly #storage: StreamStorage
  readonly #deletion = new AbortController()
  readonly #numbers: FragmentNumbers
  readonly #plays = new Set<LivePlay>()
  #sessions = 0
  /** Sequence numbers up to this one may be given out: the storage knows. */
  #reservedSequence: bigint

  /** @internal */
  constructor(metadata: StreamMetadata, settings: Settings, storage: StreamStorage) {
    this.metadata = metadata
    const { name, arn, createdMs, isInEveryRegion = false } = metadata.current
    this.name = name
    this.region = isInEveryRegion ? undefined : regionOfArn(arn)
    this.arn = isInEveryRegion ? arnInRegion(arn, settings.defaultRegion) : arn
    this.createdMs = createdMs
    this.#settings = settings
    this.#storage = storage
    this.store = new FragmentStore({
      settings,
      kept: storage.fragments,
      retentionHours: () => metadata.current.dataRetentionInHours,
    })
    this.#numbers = new FragmentNumbers(settings.random)
    this.#reservedSequence = BigInt(storage.record.reservedSequence)
    this.#goOn()
    metadata.onChange(() => this.#save())
  }

  /** After a restart: behind every number that was given out, whether its fragment was kept or not. */
  #goOn(): void {
    const newest = this.store.newest()
    if (newest !== undefined) this.#numbers.observe(newest.number)
    this.#numbers.skipTo(this.#reservedSequence)
  }

  /** `NAME`, or `REGION/NAME` for a stream of one region. */
  get label(): string {
    return formatStreamLabel(this)
  }

  /** Whether the region has this stream. */
  isIn(region: string): boolean {
    return this.region === undefined || this.region === region
  }

  /** The ARN under which the region has this stream. */
  arnIn(region: string): string {
    return this.region === undefined ? arnInRegion(this.arn, region) : this.arn
  }

  get deviceName(): string | undefined {
    return this.metadata.current.deviceName
  }

  get mediaType(): string | undefined {
    return this.metadata.current.mediaType
  }

  get dataRetentionInHours(): number {
    return this.metadata.current.dataRetentionInHours
  }

  /** Changes with each update. */
  get version(): string {
    return this.metadata.current.version
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
    knownOptions('load', options, LOAD_OPTIONS)
    const media = await readMedia(source, this.#settings.headerTags)
    const lengthMs = media.reduce((sum, fragment) => sum + fragment.durationMs, 0)
    let serverMs = epochMs('serverStart', options.serverStart) ?? this.#nowMs() - lengthMs
    const producer = this.#startProducer(media[0]!, options, serverMs)
    const added = media.map(fragment => {
      const recorded = options.keepRecorded ? fragment.recorded : undefined
      const one = this.#store(fragment, recorded ?? producer.date(fragment, serverMs))
      serverMs += fragment.durationMs
      return one
    })
    await Promise.all(added.map(({ safe }) => safe))
    return added.map(({ stored }) => stored)
  }

  /**
   * Adds fragments that the service gets now; waiting sessions send them at once.
   *
   * @param media a fragment as `splitFragments` gives it, or MKV bytes, of which each Cluster is one
   * @returns what was stored
   */
  append(media: MediaFragment | Uint8Array, options: AppendOptions = {}): readonly StoredFragment[] {
    knownOptions('append', options, APPEND_OPTIONS)
    const fragments = media instanceof Uint8Array ? splitMedia(media, this.#settings.headerTags) : [media]
    const serverTimestampMs = options.serverTimestampMs ?? this.#nowMs()
    const producerTimestampMs = options.producerTimestampMs ?? serverTimestampMs
    return fragments.map((fragment, index) => {
      const { stored, safe } = this.#store(fragment, {
        serverTimestampMs,
        producerTimestampMs: producerTimestampMs + fragment.timestampMs - fragments[0]!.timestampMs,
        number: index === 0 ? options.number : undefined,
      })
      safe.catch(staysInMemory)
      return stored
    })
  }

  /**
   * Feeds media in real time: each fragment appears when its Cluster's timestamp says, from now on, and that is its
   * server time. With `loop` the producer begins anew at the end, its Cluster timestamps set back, as cameras do.
   */
  async playLive(source: MediaSource, options: LiveOptions = {}): Promise<LivePlay> {
    knownOptions('playLive', options, LIVE_OPTIONS)
    const media = await readMedia(source, this.#settings.headerTags)
    const producer = this.#startProducer(media[0]!, options, this.#nowMs())
    const play = new LivePlay(media, options, this.#settings.clock, fragment => {
      this.#store(fragment, producer.date(fragment, this.#nowMs())).safe.catch(staysInMemory)
    })
    this.#plays.add(play)
    void play.done.finally(() => this.#plays.delete(play))
    return play
  }

  /** Ends everything that still feeds this stream. @internal */
  async stop(): Promise<void> {
    await Promise.all([...this.#plays].map(play => play.stop()))
  }

  /** Fires when the stream is deleted. @internal */
  get deleted(): AbortSignal {
    return this.#deletion.signal
  }

  /** Ends what feeds the stream and forgets its fragments; resolves when their space is free. @internal */
  async remove(): Promise<void> {
    this.#deletion.abort()
    await this.stop()
    await this.#storage.remove()
  }

  /** Begins the block of fragment numbers of a new producer session. @internal */
  startSession(): void {
    this.#numbers.startSession()
  }

  /** The number of a fragment that the service began to get at that time. @internal */
  nextNumber(serverTimestampMs: number): bigint {
    const number = this.#numbers.next(serverTimestampMs)
    if (this.#numbers.sequence > this.#reservedSequence) {
      this.#reservedSequence = this.#numbers.sequence + RESERVED_AHEAD
      this.#save()
    }
    return number
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
  ): { readonly stored: StoredFragment; readonly safe: Promise<void> } {
    const serverTimestampMs = Math.round(dated.serverTimestampMs)
    const producerTimestampMs = Math.round(dated.producerTimestampMs)
    const number = dated.number ?? this.nextNumber(serverTimestampMs)
    const newest = this.store.newest()
    if (newest !== undefined && number <= newest.number) {
      throw new OptionError('number', `be greater than the newest fragment's, ${newest.number}`, number)
    }
    this.#numbers.observe(number)
    const storedMs = Math.round(this.#nowMs())
    const stored = storeFragment(fragment, { number, serverTimestampMs, producerTimestampMs, storedMs })
    return { stored, safe: this.store.add(stored) }
  }

  #save(): void {
    const record = {
      description: this.metadata.current,
      reservedSequence: String(this.#reservedSequence),
    }
    // A disk that fails shows at the next fragment, which has somebody to tell.
    this.#storage.save(record).catch(staysInMemory)
  }

  #nowMs(): number {
    return this.#settings.clock.wallClockMs()
  }
}

/** Sequence numbers that are reserved at once, so that not each fragment is a change of the stream's record. */
const RESERVED_AHEAD = 1000n

/** What could not be kept stays readable for as long as the process lives. */
function staysInMemory(): void {}
