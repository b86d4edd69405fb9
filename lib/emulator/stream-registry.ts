import { OptionError } from '../errors.ts'
import { MediaStream, type StreamOptions } from './media-stream.ts'
import type { StreamReference } from './members.ts'
import { ServiceException } from './service-exception.ts'
import type { Settings } from './settings.ts'
import type { Storage } from './storage/storage.ts'
import { type StreamAttributes, type StreamChanges, StreamMetadata } from './stream-metadata.ts'
import { type StreamStatus, StreamTransitions } from './stream-transitions.ts'

/** The streams of one emulator, by name and by ARN, and the states that they pass through. */
export class StreamRegistry {
  readonly #settings: Settings
  readonly #storage: Storage
  readonly #transitions: StreamTransitions
  readonly #byName = new Map<string, MediaStream>()
  readonly #byArn = new Map<string, MediaStream>()
  /** Streams whose media are gone, but that are still told of as DELETING. */
  readonly #deleting = new Map<string, MediaStream>()
  #lastCreatedMs = 0

  /** Begins with the streams that the storage has. */
  constructor(settings: Settings, storage: Storage) {
    this.#settings = settings
    this.#storage = storage
    this.#transitions = new StreamTransitions(settings.transitionMs, settings.clock)
    for (const kept of storage.streams) {
      const metadata = new StreamMetadata(kept.record.description, settings.random)
      this.#add(new MediaStream(metadata, settings, kept))
    }
  }

  /** Makes a stream with no fragments yet, ACTIVE at once. @throws OptionError */
  create(options: StreamOptions): MediaStream {
    const { dataRetentionInHours = 24, mediaType = 'video/h264' } = options
    const metadata = this.#describe({ ...options, dataRetentionInHours, mediaType })
    if (this.#byName.has(options.name)) throw new OptionError('name', 'be new', options.name)
    return this.#add(this.#make(metadata))
  }

  /** Makes a stream as CreateStream does. @throws ServiceException */
  createByCall(attributes: StreamAttributes): MediaStream {
    const { name } = attributes
    if (this.#byName.has(name) || this.#findDeleting(name) !== undefined) {
      throw new ServiceException('ResourceInUseException', `The stream ${name} already exists.`)
    }
    if (this.#byName.size >= this.#settings.limits.streams) {
      throw new ServiceException(
        'AccountStreamLimitExceededException',
        `The account has ${this.#byName.size} streams, and may not have more.`,
      )
    }
    const stream = this.#add(this.#make(this.#describe(attributes)))
    this.#transitions.start(stream, 'CREATING')
    return stream
  }

  /** Changes a stream as the Update operations do. @throws ServiceException where it is not ACTIVE, or of another version */
  updateByCall(stream: MediaStream, currentVersion: string, changes: StreamChanges): void {
    this.#requireActive(stream)
    requireVersion(stream, currentVersion)
    stream.metadata.update(changes)
    this.#transitions.start(stream, 'UPDATING')
  }

  /** Takes a stream and its media away as DeleteStream does. @throws ServiceException as `updateByCall` */
  async deleteByCall(stream: MediaStream, currentVersion: string | undefined): Promise<void> {
    this.#requireActive(stream)
    if (currentVersion !== undefined) requireVersion(stream, currentVersion)
    this.delete(stream.name)
    this.#transitions.start(stream, 'DELETING')
    if (this.statusOf(stream) === 'DELETING') this.#deleting.set(stream.name, stream)
    await stream.stop()
  }

  get(name: string): MediaStream | undefined {
    return this.#byName.get(name)
  }

  /** Those that are not being deleted, in the order of their names. */
  all(): readonly MediaStream[] {
    return inOrder(this.#byName.values())
  }

  /** All that the control operations tell of, in the order of their names. */
  listed(): readonly MediaStream[] {
    for (const name of [...this.#deleting.keys()]) this.#findDeleting(name)
    return inOrder([...this.#byName.values(), ...this.#deleting.values()])
  }

  /** Takes a stream out and forgets its media: calls find it no longer, and open GetMedia sessions end by idling. */
  delete(name: string): void {
    const stream = this.#byName.get(name)
    if (stream === undefined) return
    this.#byName.delete(name)
    this.#byArn.delete(stream.arn)
    // The answer does not wait for the disk; what is left after a stop is removed at the next start.
    stream.remove().catch(() => {})
  }

  statusOf(stream: MediaStream): StreamStatus {
    return this.#transitions.statusOf(stream)
  }

  /** The stream that a request means, in any status; its ARN counts where both are given. @throws ServiceException */
  find({ StreamName: name, StreamARN: arn }: StreamReference): MediaStream {
    const found =
      arn === undefined
        ? (this.#byName.get(name ?? '') ?? this.#findDeleting(name ?? ''))
        : (this.#byArn.get(arn) ?? this.listed().find(stream => stream.arn === arn))
    if (found !== undefined) return found
    throw notFound(arn ?? name)
  }

  /** As `find`, for a call that needs the stream's media. @throws ServiceException also for one that is not there yet */
  resolve(reference: StreamReference): MediaStream {
    const stream = this.find(reference)
    const status = this.statusOf(stream)
    if (status === 'ACTIVE' || status === 'UPDATING') return stream
    throw notFound(reference.StreamARN ?? reference.StreamName)
  }

  /** Streams made at the same time get times of their own, so that no two ever share an ARN. */
  #describe(attributes: StreamAttributes): StreamMetadata {
    const nowMs = Math.round(this.#settings.clock.wallClockMs())
    this.#lastCreatedMs = Math.max(nowMs, this.#lastCreatedMs + 1)
    return StreamMetadata.create(attributes, this.#settings, this.#lastCreatedMs)
  }

  #make(metadata: StreamMetadata): MediaStream {
    const storage = this.#storage.create({ description: metadata.current, reservedSequence: '0' })
    return new MediaStream(metadata, this.#settings, storage)
  }

  #add(stream: MediaStream): MediaStream {
    this.#byName.set(stream.name, stream)
    this.#byArn.set(stream.arn, stream)
    return stream
  }

  #findDeleting(name: string): MediaStream | undefined {
    const stream = this.#deleting.get(name)
    if (stream === undefined || this.statusOf(stream) === 'DELETING') return stream
    this.#deleting.delete(name)
    return undefined
  }

  #requireActive(stream: MediaStream): void {
    const status = this.statusOf(stream)
    if (status === 'ACTIVE') return
    throw new ServiceException(
      'ResourceInUseException',
      `The stream ${stream.name} is ${status}; it can be changed when it is ACTIVE.`,
    )
  }
}

function requireVersion(stream: MediaStream, version: string): void {
  if (stream.version === version) return
  throw new ServiceException(
    'VersionMismatchException',
    `The stream ${stream.name} is not of version ${version}; DescribeStream tells the latest.`,
  )
}

function notFound(reference: string | undefined): ServiceException {
  return new ServiceException(
    'ResourceNotFoundException',
    `The requested stream ${reference} is not found or not active.`,
  )
}

function inOrder(streams: Iterable<MediaStream>): readonly MediaStream[] {
  return [...streams].sort((a, b) => (a.name < b.name ? -1 : 1))
}
