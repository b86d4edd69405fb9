import { MkvLateMetadataError } from '../../core/errors.ts'
import type { ElementTree } from '../ebml/element-tree.ts'
import { ELEMENT_IDS as ID } from '../schema/elements.ts'
import { findLateMetadata, type LateElement } from './late-metadata.ts'
import { seekPositions } from './seek-positions.ts'
import type { SeekableBytes } from './seekable-bytes.ts'

/** Where the Info and the Tracks of one Segment are: before its Clusters, or after them. */
export class SegmentMetadata {
  readonly #dataOffset: number
  readonly #access: SeekableBytes | undefined
  readonly #positions = new Map<number, number>()
  readonly #seen = new Set<number>()
  #clusterOffset: number | undefined
  #late: readonly LateElement[] = []

  /** `dataOffset`: where the contents of the Segment begin. */
  constructor(dataOffset: number, access: SeekableBytes | undefined) {
    this.#dataOffset = dataOffset
    this.#access = access
  }

  seekHead(tree: ElementTree): void {
    for (const [id, at] of seekPositions(tree, this.#dataOffset)) {
      if (!this.#positions.has(id)) this.#positions.set(id, at)
    }
  }

  /**
   * A Cluster begins. Returns where the Info and the Tracks are that come only after the first one. Throws `MkvLateMetadataError`
   * where a SeekHead says that there is some, and it cannot be read from here.
   */
  cluster(byteOffset: number): readonly LateElement[] {
    if (this.#clusterOffset !== undefined) return NONE
    this.#clusterOffset = byteOffset
    const missing = METADATA.filter(({ id }) => !this.#seen.has(id))
    if (missing.length === 0) return NONE
    const access = this.#access
    if (access === undefined) {
      for (const { id, name } of missing) {
        const at = this.#positions.get(id)
        if (at !== undefined && at > byteOffset) throw new MkvLateMetadataError(name, at, byteOffset)
      }
      return NONE
    }
    this.#late = findLateMetadata(access, {
      segmentDataOffset: this.#dataOffset,
      clusterOffset: byteOffset,
      missing: missing.map(({ id }) => id),
      positions: this.#positions,
    })
    return this.#late
  }

  /** An element with this id came before the first Cluster. */
  saw(id: number): void {
    this.#seen.add(id)
  }

  /**
   * An Info or a Tracks was read. False where `cluster` gave it already. Throws `MkvLateMetadataError` where it comes first
   * after a Cluster and contradicts what was assumed: milliseconds, and no tracks.
   */
  accept(tree: ElementTree): boolean {
    const { id } = tree.definition
    if (this.#late.some(({ byteOffset }) => byteOffset === tree.byteOffset)) return false
    const isFirst = !this.#seen.has(id) && !this.#late.some(element => element.id === id)
    this.#seen.add(id)
    if (this.#clusterOffset === undefined || !isFirst || agreesWithDefaults(tree)) return true
    const { name } = METADATA.find(element => element.id === id)!
    throw new MkvLateMetadataError(name, tree.byteOffset, this.#clusterOffset)
  }
}

const NONE: readonly LateElement[] = []
const METADATA = [
  { id: ID.Info, name: 'Info' },
  { id: ID.Tracks, name: 'Tracks' },
] as const
const DEFAULT_TIMESTAMP_SCALE = 1_000_000

function agreesWithDefaults(tree: ElementTree): boolean {
  if (tree.definition.id === ID.Tracks) return tree.masters(ID.TrackEntry).length === 0
  return (tree.uint(ID.TimestampScale) ?? DEFAULT_TIMESTAMP_SCALE) === DEFAULT_TIMESTAMP_SCALE
}
