import { OptionError } from '../errors.ts'
import { MediaStream, type StreamOptions } from './media-stream.ts'
import type { StreamReference } from './members.ts'
import { ServiceException } from './service-exception.ts'
import type { Settings } from './settings.ts'

/** The streams of one emulator, by name and by ARN. */
export class StreamRegistry {
  readonly #settings: Settings
  readonly #byName = new Map<string, MediaStream>()

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** Makes a stream with no fragments yet. @throws OptionError */
  create(options: StreamOptions): MediaStream {
    const stream = new MediaStream(options, this.#settings)
    if (this.#byName.has(stream.name)) throw new OptionError('name', 'be new', stream.name)
    this.#byName.set(stream.name, stream)
    return stream
  }

  get(name: string): MediaStream | undefined {
    return this.#byName.get(name)
  }

  /** In the order of their names. */
  all(): readonly MediaStream[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Takes a stream out: calls find it no longer, and open sessions end by idling. */
  delete(name: string): void {
    this.#byName.delete(name)
  }

  /** The stream that a request means; its ARN counts where both are given. @throws ServiceException */
  resolve(reference: StreamReference): MediaStream {
    const { StreamName: name, StreamARN: arn } = reference
    const found =
      arn === undefined ? this.#byName.get(name ?? '') : this.all().find(stream => stream.arn === arn)
    if (found !== undefined) return found
    throw new ServiceException(
      'ResourceNotFoundException',
      `The requested stream ${arn ?? name} is not found or not active.`,
    )
  }
}
