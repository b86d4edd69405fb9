import { type ElementTree, leafValue } from '../ebml/element-tree.ts'
import { readUintBig } from '../ebml/values.ts'
import { ELEMENT_IDS as ID } from '../schema/elements.ts'
import { type SimpleTag, type Tag, type TagValue, UNKNOWN_LANGUAGE, WHOLE_SEGMENT } from './tags.ts'

/** A Tags element as `Tag`s. */
export function readTags(tags: ElementTree): Tag[] {
  return tags.masters(ID.Tag).map(readTag)
}

function readTag(tag: ElementTree): Tag {
  const targets = tag.master(ID.Targets)
  return {
    targetTypeValue: targets?.uint(ID.TargetTypeValue) ?? WHOLE_SEGMENT,
    trackUids: targets?.leaves(ID.TagTrackUID).map(leaf => leafValue(leaf, readUintBig)) ?? [],
    simpleTags: tag.masters(ID.SimpleTag).map(readSimpleTag),
  }
}

function readSimpleTag(simpleTag: ElementTree): SimpleTag {
  return {
    name: simpleTag.name(ID.TagName) ?? '',
    value: readValue(simpleTag),
    language: simpleTag.name(ID.TagLanguageBCP47) ?? simpleTag.name(ID.TagLanguage) ?? UNKNOWN_LANGUAGE,
    children: simpleTag.masters(ID.SimpleTag).map(readSimpleTag),
  }
}

function readValue(simpleTag: ElementTree): TagValue {
  const text = simpleTag.string(ID.TagString)
  if (text !== undefined) return text
  const binary = simpleTag.bytes(ID.TagBinary)
  return binary === undefined ? '' : Uint8Array.from(binary)
}
