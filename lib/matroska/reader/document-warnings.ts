import type { EbmlWarning } from '../ebml/ebml-events.ts'
import type { MkvWarning } from './events.ts'

/** Counts the blocks of one document that are skipped, and warns once for each kind of fault, and for each track. */
export class DocumentWarnings {
  #skippedBlocks = 0
  #skippedInCluster = 0
  /** The codes and tracks already warned about. Created with the first fault. */
  #given: Set<string | number> | undefined

  ebml({ kind: _kind, ...fields }: EbmlWarning): MkvWarning | undefined {
    if (!this.#isFirst(`${fields.code} ${fields.mediaMissing}`)) return undefined
    return { type: 'warning', ...fields }
  }

  blockOutsideCluster(byteOffset: number): MkvWarning | undefined {
    this.#skippedBlocks++
    if (!this.#isFirst('block-outside-cluster')) return undefined
    const message = `the block at byte ${byteOffset} lies in no Cluster and has no time; such blocks are skipped. Write the file again, with mkvmerge for example, to see what can be saved.`
    return {
      ...{ type: 'warning', code: 'block-outside-cluster', byteOffset, elementPath: 'Segment' },
      ...{ mediaMissing: true, message },
    }
  }

  undeclaredTrack(track: number, byteOffset: number): MkvWarning | undefined {
    this.#skippedBlocks++
    this.#skippedInCluster++
    if (!this.#isFirst(track)) return undefined
    const message = `the block at byte ${byteOffset} belongs to track ${track}, which Tracks does not declare; blocks of that track are skipped. Correct the producer, which must declare each track before its first block.`
    return {
      ...{ type: 'warning', code: 'undeclared-track', byteOffset, elementPath: 'Segment/Cluster' },
      ...{ mediaMissing: true, track, message },
    }
  }

  tracksMissing(byteOffset: number): MkvWarning | undefined {
    if (!this.#isFirst('tracks-missing')) return undefined
    const message = `no Tracks came before the block at byte ${byteOffset}, so the codecs of its document are unknown. If Tracks follows the Clusters, give the file by its name and not as a stream, or write it again with mkvmerge.`
    return {
      ...{ type: 'warning', code: 'tracks-missing', byteOffset, elementPath: 'Segment/Tracks' },
      ...{ mediaMissing: false, message },
    }
  }

  /** Skipped since this was asked last: a field for `cluster-end`. */
  skippedInCluster(): { readonly skippedBlocks?: number } {
    const skippedBlocks = this.#skippedInCluster
    this.#skippedInCluster = 0
    return skippedBlocks === 0 ? NOTHING : { skippedBlocks }
  }

  /** A field for `document-end`. */
  skippedInDocument(): { readonly skippedBlocks?: number } {
    return this.#skippedBlocks === 0 ? NOTHING : { skippedBlocks: this.#skippedBlocks }
  }

  #isFirst(key: string | number): boolean {
    this.#given ??= new Set()
    const given = this.#given
    if (given.has(key) || given.size >= MAX_WARNINGS) return false
    given.add(key)
    return true
  }
}

const NOTHING = {}
/** Block headers can name any number of tracks. */
const MAX_WARNINGS = 32
