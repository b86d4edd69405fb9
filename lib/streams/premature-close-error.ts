import { GetMediaError } from '../core/errors.ts'

/** A stream was closed before its end, and without an error that would say why. */
export class PrematureCloseError extends GetMediaError {
  readonly code = 'ERR_STREAM_PREMATURE_CLOSE'

  /** `what` opens the message: "the stream of this attempt". */
  constructor(what: string) {
    super(`${what} was closed before its end; what is missing is fetched again`, { retryable: true })
  }
}
