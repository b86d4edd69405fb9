import { OptionError } from '../../core/errors.ts'
import type { StreamReference } from '../server/members.ts'
import { ServiceException } from '../server/service-exception.ts'
import type { Settings } from '../settings.ts'
import type { Storage } from '../storage/storage.ts'
import { MediaStream, type StreamOptions } from './media-stream.ts'
import { formatStreamLabel, regionOfArn, regionOption, type StreamLabel } from './region.ts'
import { type StreamAttributes, type StreamChanges, StreamMetadata } from './stream-metadata.ts'
import { type StreamStatus, StreamTransitions } from './stream-transitions.ts'

/**
 * The streams of one emulator, in all regions, and the states that they pass through. A region has the streams that
 * were created in it, and those that every region has; a name means one stream within a region.
 */
export class StreamRegistry {
  readonly #settings: Settings
  readonly #storage: Storage
  readonly #transitions: StreamTransitions
  /** By their labels: see `StreamLabel`. */
  readonly #streams = new Map<string, MediaStream>()
  /** By their labels: streams whose media is gone, but that are still listed as DELETING. */
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
    const region = this.#regionOf(options)
    const metadata = this.#describe({ ...options, region, dataRetentionInHours, mediaType })
    const taken = this.#withName(options.name).find(stream => region === undefined || stream.isIn(region))
    if (taken !== undefined) {
      throw new OptionError('name', `be new; there is a stream ${taken.label}`, options.name)
    }
    return this.#add(this.#make(metadata))
  }

  /** Makes a stream as CreateStream does, in one region. @throws ServiceException */
  createByCall(attributes: StreamAttributes & { readonly region: string }): MediaStream {
    const { name, region } = attributes
    if (this.get(name, region) !== undefined || this.#findDeleting(name, region) !== undefined) {
      throw new ServiceException('ResourceInUseException', `The stream ${name} already exists.`)
    }
    const count = this.allIn(region).length
    if (count >= this.#settings.limits.streams) {
      throw new ServiceException(
        'AccountStreamLimitExceededException',
        `The account has ${count} streams, and may not have more.`,
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
    this.delete(stream)
    this.#transitions.start(stream, 'DELETING')
    if (this.statusOf(stream) === 'DELETING') this.#deleting.set(stream.label, stream)
    await stream.stop()
  }

  /** The stream that a region has under a name. */
  get(name: string, region: string): MediaStream | undefined {
    return this.#streams.get(formatStreamLabel({ name, region })) ?? this.#streams.get(name)
  }

  /**
   * The stream that a label means. Without a region that is the one in the default region, else the only one of that
   * name. @throws OptionError where several regions have one
   */
  labelled({ name, region }: StreamLabel): MediaStream | undefined {
    const found = this.get(name, region ?? this.#settings.defaultRegion)
    if (found !== undefined || region !== undefined) return found
    const streams = this.#withName(name)
    if (streams.length <= 1) return streams[0]
    const labels = streams.map(stream => stream.label).join(', ')
    throw new OptionError('name', `say which region's stream is meant: ${labels}`, name)
  }

  /** The streams of all regions that are not being deleted, in the order of their names. */
  all(): readonly MediaStream[] {
    return inOrder(this.#streams.values())
  }

  /** The streams of one region that are not being deleted, in the order of their names. */
  allIn(region: string): readonly MediaStream[] {
    return this.all().filter(stream => stream.isIn(region))
  }

  /** All streams that ListStreams gives in a region, in the order of their names. */
  listed(region: string): readonly MediaStream[] {
    const deleting = [...this.#deleting.values()].filter(stream => this.#isDeleting(stream))
    return inOrder([...this.#streams.values(), ...deleting]).filter(stream => stream.isIn(region))
  }

  /** Takes a stream out and forgets its media: calls find it no longer, and open GetMedia sessions end by idling. */
  delete(stream: MediaStream): void {
    if (this.#streams.get(stream.label) !== stream) return
    this.#streams.delete(stream.label)
    // The answer does not wait for the disk; what is left after a stop is removed at the next start.
    stream.remove().catch(() => {})
  }

  statusOf(stream: MediaStream): StreamStatus {
    return this.#transitions.statusOf(stream)
  }

  /**
   * The stream that a request means in its region, in any status; its ARN counts where both are given. An ARN of another
   * region names no stream here. @throws ServiceException
   */
  find({ StreamName, StreamARN: arn }: StreamReference, region: string): MediaStream {
    const name = (arn === undefined ? StreamName : arn.split('/')[1]) ?? ''
    const found = [this.get(name, region), this.#findDeleting(name, region)].find(
      stream => stream !== undefined && (arn === undefined || stream.arnIn(region) === arn),
    )
    if (found !== undefined) return found
    throw notFound(arn ?? name, arn === undefined || regionOfArn(arn) === region ? undefined : region)
  }

  /** As `find`, for a call that needs the stream's media. @throws ServiceException also for one that is not there yet */
  resolve(reference: StreamReference, region: string): MediaStream {
    const stream = this.find(reference, region)
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
    this.#streams.set(stream.label, stream)
    return stream
  }

  /** Where a stream that is added in code belongs; `undefined` is every region. @throws OptionError */
  #regionOf(options: StreamOptions): string | undefined {
    const { region: served } = this.#settings
    if (options.region === undefined) return served
    const region = regionOption('region', options.region)
    if (served === undefined || region === served) return region
    throw new OptionError('region', `be ${served}, the only region that is served`, region)
  }

  #withName(name: string): readonly MediaStream[] {
    return this.all().filter(stream => stream.name === name)
  }

  #findDeleting(name: string, region: string): MediaStream | undefined {
    const labels = [formatStreamLabel({ name, region }), name]
    const streams = labels.map(label => this.#deleting.get(label))
    return streams.find(stream => stream !== undefined && this.#isDeleting(stream))
  }

  /** Forgets a stream that is deleted by now. */
  #isDeleting(stream: MediaStream): boolean {
    if (this.statusOf(stream) === 'DELETING') return true
    if (this.#deleting.get(stream.label) === stream) this.#deleting.delete(stream.label)
    return false
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

/** `otherRegion` is the request's, where the ARN names another one. */
function notFound(reference: string | undefined, otherRegion?: string): ServiceException {
  const where = otherRegion === undefined ? '' : ` in ${otherRegion}`
  return new ServiceException(
    'ResourceNotFoundException',
    `The requested stream ${reference} is not found${where} or not active.`,
  )
}

function inOrder(streams: Iterable<MediaStream>): readonly MediaStream[] {
  return [...streams].sort((a, b) => compare(a.name, b.name) || compare(a.region ?? '', b.region ?? ''))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
