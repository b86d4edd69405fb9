import { type ErrorDetails, GetMediaError } from '../../core/errors.ts'

/** What a stream holds does not fit the output that was asked for; reading it again gives the same. */
export class OutputError extends GetMediaError {
  readonly code = 'ERR_OUTPUT'
  /** The output's class, such as `WavWriter`. */
  readonly output: string

  /** `problem` says what does not fit, and what to do about it. */
  constructor(output: string, problem: string, details: ErrorDetails = {}) {
    super(`${output}: ${problem}`, details)
    this.output = output
  }
}
