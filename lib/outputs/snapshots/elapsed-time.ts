import type { FragmentFrame } from '../../get-media/events.ts'

/** Where nothing else tells how long a frame lasts, time must still go on. */
const LEAST_STEP_MS = 1

/**
 * How much time has gone by on a track, by its frames' wall clock, or by the segment's where there is none. It never goes
 * back: where timestamps do, as after a producer's restart, or the clock is another one, it goes on by one frame.
 */
export class ElapsedTime {
  #elapsedMs = 0
  #clock: 'wall' | 'segment' | undefined
  /** The latest time of a frame; those that are shown before ones that came earlier do not count. */
  #latestMs = 0
  #stepMs = LEAST_STEP_MS

  /** Takes every frame of the track; gives the time since its first, in milliseconds. `isKeyframe`: decoding can begin with it. */
  at(frame: FragmentFrame, isKeyframe: boolean, defaultDurationMs: number | undefined): number {
    const { wallClock, timestampMs, durationMs = defaultDurationMs } = frame
    const clock = wallClock === null ? 'segment' : 'wall'
    const nowMs = wallClock?.getTime() ?? timestampMs
    const advanceMs = nowMs - this.#latestMs
    const isSameClock = this.#clock === clock
    if (isSameClock && advanceMs > 0) {
      this.#elapsedMs += advanceMs
      this.#stepMs = advanceMs
      this.#latestMs = nowMs
    } else if (!isSameClock || isKeyframe) {
      // A keyframe is shown after all that came before it: its time is lower only where the clock was set back.
      if (this.#clock !== undefined) this.#elapsedMs += durationMs ?? this.#stepMs
      this.#clock = clock
      this.#latestMs = nowMs
    }
    return this.#elapsedMs
  }
}
