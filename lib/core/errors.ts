import type { ErrorCode } from './error-codes.ts'

/**
 * The errors of getmedia: one base class, and one subclass for each thing that a caller can do about it
 * (fix options, fix credentials, wait, connect again, report corrupt data, raise a limit).
 * `code` is stable and made for programs; `message` says what happened, where, and what to do next.
 */

/** Fields that an error may carry; each is absent where it is not known. */
export type ErrorDetails = {
  readonly cause?: unknown
  /** Whether the same call may succeed later with nothing changed by the caller. */
  readonly retryable?: boolean
  /** HTTP status of the service's answer. */
  readonly statusCode?: number | undefined
  /** The service's exception name, such as `ResourceNotFoundException`. */
  readonly errorType?: string | undefined
  /** The service's request id, for AWS support. */
  readonly requestId?: string | undefined
  /** The fragment that the error is about. */
  readonly fragmentNumber?: string | undefined
  /** Offset in the payload, in bytes from its first byte. */
  readonly byteOffset?: number | undefined
}

const BRAND = Symbol.for('getmedia.error')

/** Base class of every error that getmedia raises on purpose. */
export abstract class GetMediaError extends Error {
  /** Stable, made for programs: `ERR_…`. */
  abstract readonly code: ErrorCode
  readonly retryable: boolean
  declare readonly statusCode?: number
  declare readonly errorType?: string
  declare readonly requestId?: string
  declare readonly fragmentNumber?: string
  declare readonly byteOffset?: number

  constructor(message: string, details: ErrorDetails = {}) {
    const { cause, retryable, ...fields } = details
    super(message, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.retryable = retryable ?? false
    for (const [key, value] of Object.entries(fields)) {
      if (value !== undefined) Object.defineProperty(this, key, { value, enumerable: true })
    }
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** True for errors of any copy of this package, where `instanceof` knows only its own. */
  static is(value: unknown): value is GetMediaError {
    return typeof value === 'object' && value !== null && BRAND in value
  }
}

/** An option, argument or environment variable breaks a rule; nothing was sent. */
export class OptionError extends GetMediaError {
  readonly code = 'ERR_INVALID_OPTION'
  /** The option's name, with its path: `startSelector.fragmentNumber`. */
  readonly option: string

  /** `rule` completes the sentence "`option` must …"; `value`, where one is given, is shown as it is. */
  constructor(option: string, rule: string, ...value: readonly [] | readonly [value: unknown]) {
    const got = value.length === 0 ? '' : `; got ${describeValue(value[0])}`
    super(`\`${option}\` must ${rule}${got}`)
    this.option = option
  }
}

/** Bytes that are no EBML or Matroska, or break its rules: the data are corrupt, and reading again gives the same. */
export class MkvSyntaxError extends GetMediaError {
  readonly code = 'ERR_MKV_SYNTAX'
  declare readonly byteOffset: number
  /** Names of the elements that were open, outermost first: `Segment/Cluster/SimpleBlock`. */
  readonly elementPath: string

  constructor(problem: string, byteOffset: number, elementPath: string) {
    super(`${problem} at byte ${byteOffset}${elementPath === '' ? '' : ` in ${elementPath}`}`, { byteOffset })
    this.elementPath = elementPath
  }
}

/** An element is larger, or nested deeper, than a limit that the caller can raise. */
export class MkvLimitError extends GetMediaError {
  readonly code = 'ERR_MKV_LIMIT'
  declare readonly byteOffset: number
  readonly elementPath: string
  /** The option to raise. */
  readonly option: string

  constructor(problem: string, option: string, byteOffset: number, elementPath: string) {
    super(`${problem} at byte ${byteOffset} in ${elementPath}; raise \`${option}\` if the data are right`, {
      byteOffset,
    })
    this.option = option
    this.elementPath = elementPath
  }
}

/**
 * Info or Tracks comes after the first Cluster, which Matroska allows, and the frames before it cannot be read
 * without it. A file can be: give `seekable`, or write it again with its metadata in front.
 */
export class MkvLateMetadataError extends GetMediaError {
  readonly code = 'ERR_MKV_LATE_METADATA'
  /** Where the element begins. */
  declare readonly byteOffset: number
  /** `Segment/Info` or `Segment/Tracks`. */
  readonly elementPath: string

  constructor(element: 'Info' | 'Tracks', byteOffset: number, clusterOffset: number) {
    super(
      `${element} at byte ${byteOffset} comes after the first Cluster at byte ${clusterOffset}, and a stream cannot be read without it; give a file, not a pipe, or write it again with mkvmerge or ffmpeg`,
      { byteOffset },
    )
    this.elementPath = `Segment/${element}`
  }
}

/** The payload ended inside an element: the connection was cut, or the file is not whole. */
export class MkvTruncatedError extends GetMediaError {
  readonly code = 'ERR_MKV_TRUNCATED'
  declare readonly byteOffset: number
  readonly elementPath: string

  constructor(byteOffset: number, elementPath: string, details: ErrorDetails = {}) {
    super(
      `the payload ended at byte ${byteOffset} inside ${elementPath}; read it again from the last whole fragment`,
      {
        ...details,
        byteOffset,
        retryable: true,
      },
    )
    this.elementPath = elementPath
  }
}

/** The caller's `AbortSignal` fired, or the stream was destroyed while something was under way. */
export class AbortError extends GetMediaError {
  readonly code = 'ERR_ABORTED'

  constructor(what: string, cause?: unknown) {
    super(`${what} was aborted`, { cause })
  }
}

/** Shows a value in one short line, as JSON where it has any; long text is cut. */
export function describeValue(value: unknown): string {
  const text =
    typeof value === 'string' || (typeof value === 'object' && value !== null) ? toJson(value) : String(value)
  return text.length > 120 ? `${text.slice(0, 117)}...` : text
}

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}
