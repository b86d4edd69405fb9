import { OutputError } from './output-error.ts'

/** Counts of the frames that an output received and wrote. */
export type FrameCounts = {
  readonly received: number
  readonly written: number
  /** Why frames were not written, with their number; those with none are not mentioned. */
  readonly unwritten?: readonly (readonly [frames: number, why: string])[]
  /** The remedy, for the error's message. */
  readonly advice: string
}

/** `1 frame`, `30 frames`. */
export function framesText(frames: number): string {
  return frames === 1 ? '1 frame' : `${frames} frames`
}

/** Throws `OutputError` where frames came and not one was written. Where none came there was nothing to write. */
export function checkFramesWritten(output: string, counts: FrameCounts): void {
  const { received, written, unwritten = [], advice } = counts
  if (received === 0 || written > 0) return
  const given = unwritten.filter(([frames]) => frames > 0)
  const rest = received - given.reduce((sum, [frames]) => sum + frames, 0)
  const reasons = rest > 0 ? [...given, [rest, 'without a byte'] as const] : given
  const why = reasons.map(([frames, reason]) => `${frames} ${reason}`).join(', ')
  throw new OutputError(output, `${framesText(received)} came and none was written: ${why}; ${advice}`)
}
