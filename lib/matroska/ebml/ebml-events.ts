import type { ElementDefinition } from '../schema/element.ts'
import type { BytePlace } from './byte-segment.ts'

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
  | EbmlWarning

/** The bytes break a rule, and are read on. It comes before the event of the element that shows it. */
export type EbmlWarning = {
  readonly kind: 'warning'
  /**
   * `segment-size`, `element-size`: the declared size of a Segment, or of another master element, contradicts what follows.
   * `element-outside-segment`: a child of a Segment without a Segment; it is read as if one had begun before it.
   */
  readonly code: 'segment-size' | 'element-size' | 'element-outside-segment'
  /** Where the element begins that shows it. */
  readonly byteOffset: number
  /** The element whose size is wrong, outermost first; or what was open. */
  readonly elementPath: string
  readonly message: string
  /** Bytes that the declared size promised are not there. */
  readonly mediaMissing: boolean
}

/** An `EbmlEvent` whose `data` tells where the payload lies, for a reader that makes its own, narrower view. */
export type PlacedEbmlEvent = Exclude<EbmlEvent, { readonly kind: 'data' }> | PlacedData

export type PlacedData = {
  readonly kind: 'data'
  definition: ElementDefinition
  byteOffset: number
  place: Readonly<BytePlace>
}
