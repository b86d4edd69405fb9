import { readPlainSize } from '../ebml/element-header.ts'
import { readString, readUint, readUintBig } from '../ebml/values.ts'
import { vintLength } from '../ebml/vint.ts'
import { ELEMENT_IDS as ID } from '../schema/elements.ts'
import { readName } from './name-table.ts'
import { type SimpleTag, type Tag, UNKNOWN_LANGUAGE, WHOLE_SEGMENT } from './tags.ts'

/**
 * The payload of a Tags element, from `start` to `end`, where it is as almost all are: texts, with known sizes, and each
 * element where it belongs. `undefined` for all else: who reads it element by element tells what it is, or what is wrong.
 * A payload of many tags takes two fifths of the time so, and call audio three quarters.
 */
export function readPlainTags(bytes: Uint8Array, start: number, end: number): Tag[] | undefined {
  const elements = new Elements(bytes, start)
  const tags: Tag[] = []
  while (elements.at < end) {
    const tag = elements.open(end) === ID.Tag ? readTag(elements, elements.end) : undefined
    if (tag === undefined) return undefined
    tags.push(tag)
  }
  return tags
}

function readTag(elements: Elements, end: number): Tag | undefined {
  let targets: Targets | undefined
  const simpleTags: SimpleTag[] = []
  while (elements.at < end) {
    const id = elements.open(end)
    if (id === ID.SimpleTag) {
      const simpleTag = readSimpleTag(elements, elements.end)
      if (simpleTag === undefined) return undefined
      simpleTags.push(simpleTag)
    } else {
      if (id !== ID.Targets || targets !== undefined) return undefined
      targets = readTargets(elements, elements.end)
      if (targets === undefined) return undefined
    }
  }
  const { targetTypeValue = WHOLE_SEGMENT, trackUids = [] } = targets ?? {}
  return { targetTypeValue, trackUids, simpleTags }
}

type Targets = Omit<Tag, 'simpleTags'>

function readTargets(elements: Elements, end: number): Targets | undefined {
  let targetTypeValue: number | undefined
  const trackUids: bigint[] = []
  while (elements.at < end) {
    const id = elements.open(end)
    if (id === ID.TagTrackUID && !elements.isEmpty) {
      const trackUid = readUintBig(elements.takeBytes())
      if (trackUid === undefined) return undefined
      trackUids.push(trackUid)
    } else if (id === ID.TargetTypeValue && !elements.isEmpty) {
      targetTypeValue = readUint(elements.takeBytes())
      if (targetTypeValue === undefined) return undefined
    } else return undefined
  }
  return { targetTypeValue: targetTypeValue ?? WHOLE_SEGMENT, trackUids }
}

function readSimpleTag(elements: Elements, end: number): SimpleTag | undefined {
  let name: string | undefined
  let value: string | undefined
  let language: string | undefined
  while (elements.at < end) {
    const id = elements.open(end)
    if (id === ID.TagName) name = elements.takeName()
    else if (id === ID.TagString) value = elements.takeText()
    else if (id === ID.TagLanguage && !elements.isEmpty) language = elements.takeName()
    else return undefined
  }
  return { name: name ?? '', value: value ?? '', language: language ?? UNKNOWN_LANGUAGE, children: [] }
}

/** Elements one behind the other, opened where they are plain: an id of two bytes, as all of a tag's are, and a known size. */
class Elements {
  /** Where the next element begins: what was opened is read, or passed over, from here. */
  at: number
  /** Where the element that was opened last ends. */
  end = 0
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  get isEmpty(): boolean {
    return this.at === this.end
  }

  /** The id of the next element, whose payload is then ahead; 0 where it is not plain, or not whole before `limit`. */
  open(limit: number): number {
    const sizeStart = this.at + 2
    if (sizeStart >= limit) return 0
    const sizeLength = vintLength(this.#bytes[sizeStart]!)
    const start = sizeStart + sizeLength
    if (sizeLength > 8 || start > limit) return 0
    const size = readPlainSize(this.#bytes, sizeStart, sizeLength)
    if (size < 0 || start + size > limit) return 0
    const id = (this.#bytes[this.at]! << 8) | this.#bytes[this.at + 1]!
    this.at = start
    this.end = start + size
    return id
  }

  takeBytes(): Uint8Array {
    return this.#bytes.subarray(this.#pass(), this.end)
  }

  takeName(): string {
    return readName(this.#bytes, this.#pass(), this.end)
  }

  takeText(): string {
    return readString(this.#bytes, this.#pass(), this.end)
  }

  /** Goes behind the payload that is ahead; gives where it began. */
  #pass(): number {
    const start = this.at
    this.at = this.end
    return start
  }
}
