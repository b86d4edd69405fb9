import { GetMediaError } from '../core/errors.ts'

/** Something was written to a stage that takes other things: a stage before it is missing, or one too many. */
export class StageInputError extends GetMediaError {
  readonly code = 'ERR_STAGE_INPUT'
  /** The class that refused it. */
  readonly stage: string

  constructor(stage: string, takes: string, got: string, hint: string) {
    super(`${stage} takes ${takes}, and ${got} was written to it. ${hint}`)
    this.stage = stage
  }
}
