import type { FragmentEvent, FragmentFrame, FragmentStart } from '../../index.ts'
import type { Outlet } from './outlet.ts'

/** What happens to an output that is slower than the stream: the stream waits, or frames up to the next keyframe are dropped. */
export type WhenSlow = 'wait' | 'drop'

/** Told of an output that has failed, when it does. */
export type TellFailure = (output: string, error: Error) => void

/** One output's share of the events, with its own backpressure. */
export class Lane {
  readonly name: string
  /** Frames that it did not get. */
  droppedFrames = 0
  readonly #outlet: Outlet
  readonly #whenSlow: WhenSlow
  /** Settles when nothing more happens; its failure has been told. */
  readonly #done: Promise<void>
  #isOver = false
  #isBrokenOff = false
  #isDropping = false
  /** The fragment under way, and whether the sink has its start. */
  #start: FragmentStart | undefined
  #isStartGiven = false

  constructor(outlet: Outlet, whenSlow: WhenSlow, tellFailure: TellFailure) {
    this.name = outlet.name
    this.#outlet = outlet
    this.#whenSlow = whenSlow
    this.#done = outlet.done.then(
      () => {
        this.#isOver = true
      },
      (error: Error) => {
        this.#isOver = true
        if (!this.#isBrokenOff) tellFailure(outlet.name, error)
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
  #mayGoOn({ keyframe, track }: FragmentFrame): boolean {
    if (!keyframe || this.#outlet.sink.writableNeedDrain) return false
    const tracks = this.#start?.tracks ?? []
    const lead = tracks.find(({ type }) => type === 'video') ?? tracks.find(({ number }) => number === track)
    return lead === undefined || lead.number === track
  }

  #goOn(sink: Outlet['sink']): void {
    this.#isDropping = false
    if (this.#isStartGiven || this.#start === undefined) return
    this.#isStartGiven = true
    sink.write(this.#start)
  }
}
