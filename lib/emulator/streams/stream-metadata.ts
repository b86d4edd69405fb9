import { OptionError } from '../../core/errors.ts'
import { numberOption } from '../../core/options.ts'
import type { Settings } from '../settings.ts'
import { arnInRegion } from './region.ts'

/** Where a stream's data are kept; told by the API, and without effect here. */
export type StorageTier = 'HOT' | 'WARM'

/** What a stream is made from, beside its media. */
export type StreamAttributes = {
  readonly name: string
  /** The only region that has the stream. @default every region has it */
  readonly region?: string | undefined
  readonly deviceName?: string | undefined
  readonly mediaType?: string | undefined
  readonly kmsKeyId?: string | undefined
  readonly dataRetentionInHours?: number | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly storageTier?: StorageTier | undefined
}

/** All that is known of a stream beside its media, as plain data that a store can keep. */
export type StreamDescription = {
  readonly name: string
  /** For a stream that every region has, the ARN in the default region of the service that made it. */
  readonly arn: string
  /** Absent for a stream of one region, as in the stores of earlier versions. */
  readonly isInEveryRegion?: true
  /** In epoch milliseconds; the ARN's last part. */
  readonly createdMs: number
  readonly deviceName: string | undefined
  readonly mediaType: string | undefined
  readonly kmsKeyId: string
  readonly dataRetentionInHours: number
  /** Changes with each update. */
  readonly version: string
  readonly tags: Readonly<Record<string, string>>
  readonly storageTier: StorageTier
}

/** What an update may change. */
export type StreamChanges = Partial<
  Pick<StreamDescription, 'deviceName' | 'mediaType' | 'dataRetentionInHours' | 'storageTier'>
>

/** Longest retention: ten years. */
export const MOST_RETENTION_HOURS = 87_600

/** The changing description of one stream; listeners hear of each change, so that a store can follow. */
export class StreamMetadata {
  readonly #random: () => number
  readonly #listeners = new Set<(description: StreamDescription) => void>()
  #current: StreamDescription

  constructor(description: StreamDescription, random: () => number) {
    this.#current = description
    this.#random = random
  }

  /** Describes a stream that is new at `createdMs`. @throws OptionError */
  static create(attributes: StreamAttributes, settings: Settings, createdMs: number): StreamMetadata {
    const { name } = attributes
    if (!/^[a-zA-Z0-9_.-]{1,256}$/.test(name)) {
      throw new OptionError('name', 'be 1 to 256 of a-z A-Z 0-9 _ . -', name)
    }
    const { accountId, random } = settings
    const region = attributes.region ?? settings.defaultRegion
    const arn = (rest: string) => arnInRegion(`arn:aws:${rest}`, region)
    const description: StreamDescription = {
      name,
      arn: arn(`kinesisvideo::${accountId}:stream/${name}/${createdMs}`),
      ...(attributes.region === undefined && { isInEveryRegion: true as const }),
      createdMs,
      deviceName: attributes.deviceName,
      mediaType: attributes.mediaType,
      kmsKeyId: attributes.kmsKeyId ?? arn(`kms::${accountId}:alias/aws/kinesisvideo`),
      dataRetentionInHours: numberOption('dataRetentionInHours', attributes.dataRetentionInHours, 0, {
        max: MOST_RETENTION_HOURS,
      }),
      version: randomVersion(random),
      tags: attributes.tags ?? {},
      storageTier: attributes.storageTier ?? 'HOT',
    }
    return new StreamMetadata(description, random)
  }

  get current(): StreamDescription {
    return this.#current
  }

  /** Changes what is given, and the version with it. */
  update(changes: StreamChanges): void {
    this.#set({ ...this.#current, ...changes, version: randomVersion(this.#random) })
  }

  /** Replaces the tags. They are no part of what the version counts. */
  setTags(tags: Readonly<Record<string, string>>): void {
    this.#set({ ...this.#current, tags })
  }

  /** Calls `listener` after each change; the result stops that. */
  onChange(listener: (description: StreamDescription) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #set(description: StreamDescription): void {
    this.#current = description
    for (const listener of [...this.#listeners]) listener(description)
  }
}

/** Twenty letters and digits, as the real service's. */
function randomVersion(random: () => number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  return Array.from({ length: 20 }, () => alphabet.charAt(Math.floor(random() * alphabet.length))).join('')
}
