import type { TagValue } from '../matroska/reader/tags.ts'
import { ProducerEvents } from './producer-event.ts'

/**
 * The service's own tags of a chunk (GetMedia, "Payload"). The pages of the archived-media API spell some of them
 * another way; both spellings are read.
 */
export class ServiceTags {
  readonly #values = new Map<string, string>()

  /** Whether a tag is the service's: names that begin so are reserved, but for those of a producer's events. */
  static owns(name: string): boolean {
    return name.startsWith(PREFIX) && !ProducerEvents.owns(name)
  }

  set(name: string, value: TagValue): void {
    if (typeof value === 'string') this.#values.set(name, value)
  }

  get fragmentNumber(): string | null {
    return this.#text(FRAGMENT_NUMBER)
  }

  get producerTimestampText(): string | null {
    return this.#text(PRODUCER_TIMESTAMP, PRODUCER_SIDE_TIMESTAMP)
  }

  get serverTimestampText(): string | null {
    return this.#text(SERVER_TIMESTAMP, SERVER_SIDE_TIMESTAMP)
  }

  get continuationToken(): string | null {
    return this.#text(CONTINUATION_TOKEN)
  }

  get millisBehindNow(): number | null {
    return wholeNumber(this.#text(MILLIS_BEHIND_NOW))
  }

  /** The archived-media pages call the number `EXCEPTION_ERROR_CODE`, and the text `EXCEPTION_MESSAGE`. */
  get errorId(): number | null {
    return wholeNumber(this.#errorIdText)
  }

  /** An id that is no number is shown here, where there is no text: an error is never passed over. */
  get errorCode(): string | null {
    const text = this.#text(ERROR_CODE, EXCEPTION_MESSAGE)
    return text ?? (this.errorId === null ? this.#errorIdText : null)
  }

  get #errorIdText(): string | null {
    return this.#text(ERROR_ID, EXCEPTION_ERROR_CODE)
  }

  #text(name: string, otherSpelling?: string): string | null {
    const text = this.#values.get(name)
    if (text !== undefined || otherSpelling === undefined) return text ?? null
    return this.#values.get(otherSpelling) ?? null
  }
}

const PREFIX = 'AWS_KINESISVIDEO_'
const FRAGMENT_NUMBER = `${PREFIX}FRAGMENT_NUMBER`
const PRODUCER_TIMESTAMP = `${PREFIX}PRODUCER_TIMESTAMP`
const PRODUCER_SIDE_TIMESTAMP = `${PREFIX}PRODUCER_SIDE_TIMESTAMP`
const SERVER_TIMESTAMP = `${PREFIX}SERVER_TIMESTAMP`
const SERVER_SIDE_TIMESTAMP = `${PREFIX}SERVER_SIDE_TIMESTAMP`
const CONTINUATION_TOKEN = `${PREFIX}CONTINUATION_TOKEN`
const MILLIS_BEHIND_NOW = `${PREFIX}MILLIS_BEHIND_NOW`
const ERROR_CODE = `${PREFIX}ERROR_CODE`
const ERROR_ID = `${PREFIX}ERROR_ID`
const EXCEPTION_MESSAGE = `${PREFIX}EXCEPTION_MESSAGE`
const EXCEPTION_ERROR_CODE = `${PREFIX}EXCEPTION_ERROR_CODE`

/** Seconds with a fraction, as text, to a `Date`, without the rounding of a float; what is below a millisecond is cut, and what no `Date` holds is `null`. */
export function parseTimestamp(text: string | null): Date | null {
  const match = text === null ? null : /^(-?)(\d{1,13})(?:\.(\d+))?$/.exec(text)
  if (match === null) return null
  const [, sign, seconds = '0', fraction = ''] = match
  const ms = Number(seconds) * 1000 + Number(fraction.padEnd(3, '0').slice(0, 3))
  const date = new Date(sign === '-' ? -ms : ms)
  return Number.isNaN(date.getTime()) ? null : date
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^-?\d{1,15}$/.test(text.trim()) ? Number(text) : null
}
