import { invalidArgument } from '../server/service-exception.ts'
import type { FragmentTimecodeType } from '../streams/producer-clock.ts'
import { PutMediaError } from './error-codes.ts'

/** What the headers of a PutMedia request say, under the API's names. */
export type PutMediaRequest = {
  readonly FragmentTimecodeType: FragmentTimecodeType
  readonly ProducerStartTimestamp?: string
  readonly FragmentAcknowledgmentRequired?: string
}

/** Seconds from 1970 or another beginning; producers write no zeros before or behind the point. */
const DECIMAL = /^\s*([0-9]*)(?:\.([0-9]*))?\s*$/
/** The year 9999, beyond which the API's dates do not go. */
const LATEST_MS = 253_402_300_799_999

/** How one producer counts its time, and whether it wants to be told. */
export class ProducerHeaders {
  readonly areAcknowledged: boolean
  readonly #startMs: number

  /** @throws ServiceException */
  constructor(request: PutMediaRequest) {
    const { ProducerStartTimestamp: start, FragmentTimecodeType: type } = request
    this.areAcknowledged = request.FragmentAcknowledgmentRequired !== '0'
    if (type === 'RELATIVE' && start === undefined) {
      throw invalidArgument('x-amzn-producer-start-timestamp must be given with RELATIVE timecodes')
    }
    this.#startMs = type === 'ABSOLUTE' ? 0 : parseStart(start ?? '')
    if (start !== undefined) parseStart(start)
  }

  /** The producer's time at a Cluster's timestamp. @throws PutMediaError for one that is no date */
  producerTimeMs(timestampMs: number): number {
    const timeMs = Math.round(this.#startMs + timestampMs)
    if (timeMs <= LATEST_MS) return timeMs
    throw new PutMediaError('INVALID_PRODUCER_TIMESTAMP', `a producer time of ${timeMs} ms`)
  }
}

/** Milliseconds of a plain decimal of seconds: `.5` is half a second, whatever its producer meant. */
function parseStart(text: string): number {
  const [, whole = '', fraction = ''] = DECIMAL.exec(text) ?? []
  if (whole === '' && fraction === '') {
    throw invalidArgument(
      `x-amzn-producer-start-timestamp must be seconds as a decimal; got '${text.slice(0, 64)}'`,
    )
  }
  return Number(whole) * 1000 + Math.round(Number(`0.${fraction}0`) * 1000)
}
