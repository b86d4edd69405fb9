import { ELEMENT_IDS } from '../../matroska/schema/elements.ts'
import {
  element,
  encodeId,
  encodeSize,
  master,
  string,
  UNKNOWN_SIZE,
  uint,
} from '../../matroska/writer/writer.ts'
import type { StoredFragment } from './fragment.ts'

/** The service's own elements in a chunk, in its own byte form. */

const PREFIX = 'AWS_KINESISVIDEO_'

/** Closes a fragment before the next Cluster begins; the service does not hand it on. */
export const END_OF_FRAGMENT = `${PREFIX}END_OF_FRAGMENT`

/** What the service writes itself, or takes away: never handed on from a producer or an old recording. */
export const SERVICE_TAG_NAMES: ReadonlySet<string> = new Set(
  [
    'FRAGMENT_NUMBER',
    'SERVER_TIMESTAMP',
    'PRODUCER_TIMESTAMP',
    'MILLIS_BEHIND_NOW',
    'CONTINUATION_TOKEN',
    'ERROR_CODE',
    'ERROR_ID',
    'END_OF_FRAGMENT',
  ].map(name => PREFIX + name),
)

/** The Segment's head, always of unknown size and twelve bytes, whatever the producer sent. */
export const SEGMENT_HEAD: Uint8Array = Buffer.concat([
  encodeId(ELEMENT_IDS.Segment),
  encodeSize(UNKNOWN_SIZE, 8),
])

/** The header of a document that no producer sent: the one of an error. */
const OWN_EBML_HEADER = master(
  ELEMENT_IDS.EBML,
  uint(ELEMENT_IDS.EBMLVersion, 1),
  uint(ELEMENT_IDS.EBMLReadVersion, 1),
  uint(ELEMENT_IDS.EBMLMaxIDLength, 4),
  uint(ELEMENT_IDS.EBMLMaxSizeLength, 8),
  string(ELEMENT_IDS.DocType, 'matroska'),
  uint(ELEMENT_IDS.DocTypeVersion, 4),
  uint(ELEMENT_IDS.DocTypeReadVersion, 2),
)

/** The tags that stand before a fragment's Cluster. */
export function leadingTags(fragment: StoredFragment): Uint8Array {
  return serviceTags([
    ['FRAGMENT_NUMBER', String(fragment.number)],
    ['SERVER_TIMESTAMP', epochSeconds(fragment.serverTimestampMs)],
    ['PRODUCER_TIMESTAMP', epochSeconds(fragment.producerTimestampMs)],
  ])
}

/** The tags that end a chunk; the token is the fragment's number, as in every capture. */
export function trailingTags(fragment: StoredFragment, millisBehindNow: number): Uint8Array {
  return serviceTags([
    ['MILLIS_BEHIND_NOW', String(millisBehindNow)],
    ['CONTINUATION_TOKEN', String(fragment.number)],
  ])
}

/** What an error in the body says. */
export type ErrorTag = {
  readonly id: number
  readonly code: string
  readonly fragmentNumber?: string | undefined
}

/** A whole chunk that tells of an error: a document with these tags, and no Cluster. */
export function errorChunk(error: ErrorTag): Uint8Array {
  const tags: [string, string][] = [
    ['ERROR_CODE', error.code],
    ['ERROR_ID', String(error.id)],
  ]
  if (error.fragmentNumber !== undefined) tags.push(['FRAGMENT_NUMBER', error.fragmentNumber])
  return Buffer.concat([OWN_EBML_HEADER, SEGMENT_HEAD, serviceTags(tags)])
}

/** One Tags with one Tag, no Targets, and every size a VINT of four octets. */
function serviceTags(tags: readonly (readonly [string, string])[]): Uint8Array {
  const wide = { sizeWidth: 4 }
  const simpleTags = tags.map(([name, value]) =>
    element(
      ELEMENT_IDS.SimpleTag,
      Buffer.concat([
        string(ELEMENT_IDS.TagName, PREFIX + name, wide),
        string(ELEMENT_IDS.TagString, value, wide),
      ]),
      wide,
    ),
  )
  return element(ELEMENT_IDS.Tags, element(ELEMENT_IDS.Tag, Buffer.concat(simpleTags), wide), wide)
}

function epochSeconds(epochMs: number): string {
  const wholeMs = Math.round(epochMs)
  const sign = wholeMs < 0 ? '-' : ''
  const digits = String(Math.abs(wholeMs)).padStart(4, '0')
  return `${sign}${digits.slice(0, -3)}.${digits.slice(-3)}`
}

/** The names that go with the error ids in a body; the page gives the ids only, PutMedia's names are the guess for 45xx. */
const ERROR_CODES: Readonly<Record<number, string>> = {
  3000: 'FRAGMENT_NOT_FOUND',
  3002: 'STREAM_WRITE_ERROR',
  4000: 'FRAGMENT_NOT_FOUND',
  4500: 'KMS_KEY_ACCESS_DENIED',
  4501: 'KMS_KEY_DISABLED',
  4502: 'KMS_KEY_VALIDATION_ERROR',
  4503: 'KMS_KEY_UNAVAILABLE',
  4504: 'KMS_KEY_INVALID_USAGE',
  4505: 'KMS_KEY_INVALID_STATE',
  4506: 'KMS_KEY_NOT_FOUND',
  5000: 'INTERNAL_ERROR',
}

/** The name for an error id; an id that the API does not list gets a made one. */
export function errorCodeOf(id: number): string {
  return ERROR_CODES[id] ?? `ERROR_${id}`
}
