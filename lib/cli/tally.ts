import Table from 'cli-table3'
import type { FragmentEvent, GetMediaMetrics, GetMediaStream } from '../index.ts'
import { formatBytes } from './terminal/format.ts'

type TrackTally = { label: string; frames: number; bytes: number }

/** Counts what a stream delivers, for the live line and the table at the end. */
export class Tally {
  fragments = 0
  frames = 0
  gaps = 0
  discontinuities = 0
  millisBehindNow: number | null = null
  readonly #tracks = new Map<number, TrackTally>()

  /** Counts what passes by. */
  async *count(events: AsyncIterable<FragmentEvent>): AsyncGenerator<FragmentEvent> {
    for await (const event of events) {
      this.add(event)
      yield event
    }
  }

  add(event: FragmentEvent): void {
    switch (event.type) {
      case 'fragment-start':
        for (const { number, type, codecId } of event.tracks) this.#track(number).label = `${type} ${codecId}`
        break
      case 'frame': {
        this.frames++
        const track = this.#track(event.track)
        track.frames++
        track.bytes += event.data.length
        break
      }
      case 'fragment-end':
        this.fragments++
        this.millisBehindNow = event.millisBehindNow
        break
      case 'gap':
        this.gaps++
        break
      case 'discontinuity':
        this.discontinuities++
        break
      default:
    }
  }

  /** One line: the rate, its share of a session's cap, how far behind, and what has come. */
  liveText(metrics: GetMediaMetrics): string {
    const rate = `${(metrics.bytesPerSecond / 1e6).toFixed(2)} MB/s`
    const share = `${(metrics.capShare * 100).toFixed(1)} % of 25 MB/s`
    const behind = this.millisBehindNow === null ? '- ms behind now' : `${this.millisBehindNow} ms behind now`
    return `${rate}, ${share}, ${behind}, ${this.fragments} fragments, ${this.frames} frames`
  }

  /** The table at the end; `more` are rows of the caller's own. */
  summary(stream: GetMediaStream, more: readonly (readonly [string, string | number])[] = []): string {
    const { bytes, sessions } = stream.metrics
    const table = new Table({ style: { head: [], border: [], compact: true } })
    const tracks = [...this.#tracks].toSorted(([a], [b]) => a - b)
    table.push(
      ['fragments', this.fragments],
      ...tracks.map(([number, { label, frames, bytes }]): [string, string] => [
        `frames of track ${number}`,
        `${frames}  (${label}, ${formatBytes(bytes)})`,
      ]),
      ['bytes received', formatBytes(bytes)],
      ['reconnects', Math.max(0, sessions - 1)],
      ['gaps', this.gaps],
      ['discontinuities', this.discontinuities],
      ...more.map(([name, value]): [string, string | number] => [name, value]),
    )
    return table.toString()
  }

  #track(number: number): TrackTally {
    const known = this.#tracks.get(number)
    if (known !== undefined) return known
    const track = { label: '', frames: 0, bytes: 0 }
    this.#tracks.set(number, track)
    return track
  }
}
