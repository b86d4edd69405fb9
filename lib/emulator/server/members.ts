/** Members that several operations share. */

/** A stream's name. */
export const STREAM_NAME = {
  type: 'string',
  minLength: 1,
  maxLength: 256,
  pattern: /[a-zA-Z0-9_.-]+/,
} as const

/** A stream's ARN; where a request holds both, the service takes this. */
export const STREAM_ARN = {
  type: 'string',
  minLength: 1,
  maxLength: 1024,
  pattern: /arn:[a-z\d-]+:kinesisvideo:[a-z0-9-]+:[0-9]+:[a-z]+\/[a-zA-Z0-9_.-]+\/[0-9]+/,
} as const

/** A fragment's number, in decimal digits. */
export const FRAGMENT_NUMBER = { type: 'string', minLength: 1, maxLength: 128, pattern: /[0-9]+/ } as const

/** Where to go on after a page or a session. */
export const CONTINUATION_TOKEN = {
  type: 'string',
  minLength: 1,
  maxLength: 128,
  pattern: /[a-zA-Z0-9_.-]+/,
} as const

/** How a request names its stream. */
export const STREAM_MEMBERS = { StreamName: STREAM_NAME, StreamARN: STREAM_ARN } as const

/** One of the two names of a stream must be there. */
export const ONE_STREAM = ['StreamName', 'StreamARN'] as const

/** How a request names its stream, as a type. */
export type StreamReference = { readonly StreamName?: string; readonly StreamARN?: string }

/** The name of a producer's device; told, and without effect. */
export const DEVICE_NAME = {
  type: 'string',
  minLength: 1,
  maxLength: 128,
  pattern: /[a-zA-Z0-9_.-]+/,
} as const

/** Media types, separated by commas. */
export const MEDIA_TYPE = {
  type: 'string',
  minLength: 1,
  maxLength: 128,
  pattern: /[\w\-.+]+\/[\w\-.+]+(,[\w\-.+]+\/[\w\-.+]+)*/,
} as const

/** The version that an update is meant for. */
export const VERSION = { type: 'string', minLength: 1, maxLength: 64, pattern: /[a-zA-Z0-9]+/ } as const

/** Where to go on after a page of streams or tags. */
export const NEXT_TOKEN = { type: 'string', maxLength: 1024, pattern: /[a-zA-Z0-9+/=]*/ } as const

/** Where a stream's data are kept. */
export const STORAGE_CONFIGURATION = {
  type: 'structure',
  members: { DefaultStorageTier: { type: 'string', required: true, choices: ['HOT', 'WARM'] } },
} as const

/** Most tags of one stream, and in one request. */
export const MOST_TAGS = 50

/** More tags than that, in a request or in all. */
export const TOO_MANY_TAGS = 'TagsPerResourceExceededLimitException'

/** A tag's name. */
export const TAG_KEY = {
  type: 'string',
  minLength: 1,
  maxLength: 128,
  pattern: /[\p{L}\p{Z}\p{N}_.:/=+\-@]*/u,
} as const

/** A tag's value. */
export const TAG_VALUE = {
  type: 'string',
  maxLength: 256,
  pattern: /[\p{L}\p{Z}\p{N}_.:/=+\-@]*/u,
} as const

/** Tags by name. */
export const TAG_MAP = {
  type: 'map',
  key: TAG_KEY,
  value: TAG_VALUE,
  minSize: 1,
  maxSize: MOST_TAGS,
  tooManyType: TOO_MANY_TAGS,
} as const

/** Names of tags to take away. */
export const TAG_KEY_LIST = {
  type: 'list',
  required: true,
  of: TAG_KEY,
  minSize: 1,
  maxSize: MOST_TAGS,
} as const

/** How the tag operations of streams name theirs: they tell a malformed ARN by an exception of its own. */
export const TAGGED_STREAM_MEMBERS = {
  StreamName: STREAM_NAME,
  StreamARN: { ...STREAM_ARN, breachType: 'InvalidResourceFormatException' },
} as const

/** Room for fifty tags of full length in which each character is escaped. */
export const TAGS_MAX_BODY_BYTES = 262_144
