import type { BytePlace } from './byte-segment.ts'
import type { ElementDefinition } from './schema/element.ts'

export type EbmlReaderOptions = {
  /** Whether an element is to be read: a master is opened, another given with its bytes. What is not wanted is skipped whole. */
  readonly wants: (definition: ElementDefinition) => boolean
  /** Largest block, in bytes. */
  readonly maxFrameBytes: number
  /** Largest element other than a block that is read, in bytes. */
  readonly maxMetadataBytes: number
}

export type EbmlEvent =
  | {
      readonly kind: 'open'
      readonly definition: ElementDefinition
      /** Where the element's id begins. */
      readonly byteOffset: number
      /** Where its first child begins. */
      readonly dataOffset: number
      /** `undefined` where it is unknown. */
      readonly size: number | undefined
    }
  | {
      readonly kind: 'data'
      readonly definition: ElementDefinition
      readonly byteOffset: number
      /** The payload; it ends where the element ends. */
      readonly bytes: Uint8Array
    }
  | {
      readonly kind: 'close'
      readonly definition: ElementDefinition
      /** Where the element ends. */
      readonly byteOffset: number
    }
  | {
      readonly kind: 'skipped'
      readonly id: number
      readonly definition: ElementDefinition | undefined
      readonly byteOffset: number
      readonly endOffset: number
    }
  | { readonly kind: 'truncated'; readonly byteOffset: number; readonly elementPath: string }

/** An `EbmlEvent` whose `data` tells where the payload lies, for a reader that makes its own, narrower view. */
export type PlacedEbmlEvent = Exclude<EbmlEvent, { readonly kind: 'data' }> | PlacedData

export type PlacedData = {
  readonly kind: 'data'
  definition: ElementDefinition
  byteOffset: number
  place: Readonly<BytePlace>
}
