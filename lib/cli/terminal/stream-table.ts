import { clearScreenDown, moveCursor } from 'node:readline'
import Table from 'cli-table3'
import type { Emulator } from '../../emulator/index.ts'
import { formatBytes } from './format.ts'

const REDRAW_MS = 500

/** A table of the streams: written over twice a second on a terminal, and once where there is none. */
export class StreamTable {
  readonly #service: Emulator
  #timer: NodeJS.Timeout | undefined
  #linesShown = 0

  constructor(service: Emulator) {
    this.#service = service
  }

  start(): void {
    this.#draw()
    if (process.stdout.isTTY) this.#timer = setInterval(() => this.#draw(), REDRAW_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #draw(): void {
    if (this.#linesShown > 0) {
      moveCursor(process.stdout, 0, -this.#linesShown)
      clearScreenDown(process.stdout)
    }
    const text = `${streamTable(this.#service)}\n`
    this.#linesShown = text.split('\n').length - 1
    process.stdout.write(text)
  }
}

function streamTable(service: Emulator): string {
  const { streams } = service
  if (streams.length === 0) return 'No streams yet; give --stream NAME=FILE, or call CreateStream.'
  const head = ['stream', 'fragments', 'media', 'newest', 'open sessions', 'faults to come']
  const table = new Table({ head, style: { head: [], border: [], compact: true } })
  for (const { label, fragments, openSessions } of streams) {
    const bytes = fragments.reduce((sum, { byteLength }) => sum + byteLength, 0)
    const newest = fragments.at(-1)
    const age =
      newest === undefined ? '-' : `${((Date.now() - newest.serverTimestampMs) / 1000).toFixed(1)} s ago`
    table.push([label, fragments.length, formatBytes(bytes), age, openSessions, service.pendingFaults(label)])
  }
  return table.toString()
}
