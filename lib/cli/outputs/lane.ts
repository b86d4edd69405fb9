import {
  type FragmentEvent,
  type FragmentFrame,
  type FragmentStart,
  isRandomAccessPoint,
} from '../../index.ts'
import { formatCount } from '../terminal/format.ts'
import type { Outlet } from './outlet.ts'
import type { OutputReports } from './output-reports.ts'

/** What happens to an output that is slower than the stream: the stream waits, or frames up to the next keyframe are dropped. */
export type WhenSlow = 'wait' | 'drop'

/** One output's share of the events, with its own backpressure. */
export class Lane {
  readonly name: string
  /** Frames that it did not get. */
  droppedFrames = 0
  readonly #outlet: Outlet
  readonly #whenSlow: WhenSlow
  /** Settles when nothing more happens; its failure, or what it left out, has been reported. */
  readonly #done: Promise<void>
  #isOver = false
  #isBrokenOff = false
  #isDropping = false
  #hasFrames = false
  /** The fragment under way, and whether the sink has its start. */
  #start: FragmentStart | undefined
  #isStartGiven = false

  constructor(outlet: Outlet, whenSlow: WhenSlow, reports: OutputReports) {
    this.name = outlet.name
    this.#outlet = outlet
    this.#whenSlow = whenSlow
    this.#done = outlet.done.then(
      () => {
        this.#isOver = true
        this.#reportMissing(reports)
      },
      (error: Error) => {
        this.#isOver = true
        if (!this.#isBrokenOff) reports.failed(outlet.name, error)
      },
    )
  }

  /** Its reader has gone, or it has failed; it takes no more. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Takes an event; a promise when the stream is to wait for it. */
  give(event: FragmentEvent): Promise<void> | undefined {
    const { sink } = this.#outlet
    if (event.type === 'frame') this.#hasFrames = true
    if (this.#isOver || sink.destroyed) return undefined
    if (this.#whenSlow === 'drop') {
      if (this.#isLeftOut(event)) return undefined
      sink.write(event)
      return undefined
    }
    return sink.write(event) ? undefined : this.#room()
  }

  /** Ends it; resolves when its files are finished, or it has failed. */
  async end(): Promise<void> {
    if (!this.#outlet.sink.destroyed) this.#outlet.sink.end()
    await this.#done
  }

  /** Breaks it off: what it has so far is kept. Resolves when that is done. */
  async destroy(error: Error): Promise<void> {
    this.#isBrokenOff = true
    this.#outlet.sink.destroy(error)
    await this.#done
  }

  #reportMissing(reports: OutputReports): void {
    const { name, isText = false, missing } = this.#outlet
    for (const text of missing?.() ?? []) reports.missing(name, text)
    const { droppedFrames } = this
    if (droppedFrames > 0) {
      reports.missing(
        name,
        `dropped ${formatCount(droppedFrames, 'frame')}, since it was slower than the stream`,
      )
    }
    if (!this.#hasFrames && !isText && !this.#isBrokenOff) reports.empty(name)
  }

  #room(): Promise<void> {
    const { sink } = this.#outlet
    return new Promise(resolve => {
      const done = () => {
        sink.off('drain', done)
        sink.off('close', done)
        resolve()
      }
      sink.once('drain', done)
      sink.once('close', done)
    })
  }

  #isLeftOut(event: FragmentEvent): boolean {
    const { sink } = this.#outlet
    if (event.type === 'fragment-start') {
      this.#start = event
      this.#isStartGiven = false
    }
    if (!this.#isDropping && sink.writableNeedDrain) this.#isDropping = true
    if (this.#isDropping && event.type === 'frame' && this.#mayGoOn(event)) this.#goOn(sink)
    if (this.#isDropping) {
      if (event.type === 'frame') this.droppedFrames++
      return true
    }
    if (event.type === 'fragment-start') this.#isStartGiven = true
    return false
  }

  /** At a keyframe of the picture, or of any track where there is none. */
  #mayGoOn(frame: FragmentFrame): boolean {
    if (this.#outlet.sink.writableNeedDrain) return false
    const tracks = this.#start?.tracks ?? []
    const own = tracks.find(({ number }) => number === frame.track)
    const lead = tracks.find(({ type }) => type === 'video') ?? own
    if (lead === undefined || own === undefined) return frame.keyframe
    return lead === own && isRandomAccessPoint(own, frame)
  }

  #goOn(sink: Outlet['sink']): void {
    this.#isDropping = false
    if (this.#isStartGiven || this.#start === undefined) return
    this.#isStartGiven = true
    sink.write(this.#start)
  }
}
