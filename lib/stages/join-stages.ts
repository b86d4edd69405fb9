import type { Readable, Transform } from 'readable-stream'
import { AbortError } from '../errors.ts'

/** A stage that can end with an error after what it holds has been read; see `EngineStage.fail`. */
type FailableStage = Transform & { fail?(error: Error): void }

/**
 * Pipes stages together as `pipeline` does, but for failures: an error travels down behind the data, so that what
 * came before it is read first, and the last stage ends with it. Destroying the last stage destroys them all.
 * Returns the last stage.
 */
export function joinStages<Last extends Transform>(
  source: Readable,
  ...stages: [...Transform[], Last]
): Last {
  let upper: Readable = source
  for (const lower of stages) {
    joinPair(upper, lower)
    upper = lower
  }
  return upper as Last
}

function joinPair(upper: Readable, lower: FailableStage): void {
  upper.on('error', error => failStage(lower, error))
  upper.once('close', () => {
    if (!upper.readableEnded && !upper.errored) failStage(lower, new AbortError('an earlier stage'))
  })
  lower.once('close', () => upper.destroy())
  upper.pipe(lower)
}

function failStage(stage: FailableStage, error: Error): void {
  if (stage.fail === undefined) stage.destroy(error)
  else stage.fail(error)
}
