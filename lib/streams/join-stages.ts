import type { Readable, Transform } from 'readable-stream'
import { PrematureCloseError } from './premature-close-error.ts'

/** A stage that can end with an error after what it holds has been read; see `EngineStage.fail`. */
type FailableStage = Transform & { fail?(error: Error): void }

/**
 * Pipes stages together as `pipeline` does, but for failures: an error travels down behind the data, so that what
 * came before it is read first, and the last stage ends with it. Destroying the last stage destroys them all.
 * Native streams fit too; only a last stage without `fail` ends at once, and what it holds is lost.
 * Returns the last stage.
 */
export function joinStages<Last extends Transform>(
  source: Readable | NodeJS.ReadableStream,
  ...stages: [...Transform[], Last]
): Last {
  // Native streams differ in their types alone.
  let upper = new Joint(source as Readable)
  for (const stage of stages) upper = upper.join(stage, stage === stages.at(-1))
  return upper.stage as Last
}

/** One stage of the row, and the failure that is to reach the next one behind its data. */
class Joint {
  readonly stage: Readable
  /** Where a failure from above goes that this stage cannot hold itself. */
  #failure: Error | undefined

  constructor(stage: Readable) {
    this.stage = stage
  }

  join(lower: FailableStage, isLast: boolean): Joint {
    const joint = new Joint(lower)
    const upper = this.stage
    const fail = (error: Error) => joint.#fail(lower, this.#failure ?? error, isLast)
    upper.on('error', fail)
    upper.once('end', () => (this.#failure === undefined ? lower.end() : fail(this.#failure)))
    upper.once('close', () => {
      if (!upper.readableEnded) fail(new PrematureCloseError('an earlier stage'))
    })
    lower.once('close', () => upper.destroy())
    upper.pipe(lower, { end: false })
    // A stream that was over before it came here tells nothing more by itself.
    if (upper.errored) fail(upper.errored)
    else if (upper.readableEnded) lower.end()
    else if (upper.destroyed) fail(new PrematureCloseError('an earlier stage'))
    return joint
  }

  #fail(stage: FailableStage, error: Error, isLast: boolean): void {
    if (stage.destroyed || stage.writableEnded) return
    if (stage.fail !== undefined) stage.fail(error)
    else if (isLast) stage.destroy(error)
    else {
      // It gives what it holds and ends; the next one fails in place of ending.
      this.#failure = error
      stage.end()
    }
  }
}
