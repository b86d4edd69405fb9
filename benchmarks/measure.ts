import { cpus } from 'node:os'
import Table from 'cli-table3'

/** One way of doing the work that a benchmark compares. */
export type Contender = {
  readonly name: string
  /** Does the work once; gives what it counted, so that a contender that loses something shows. */
  readonly run: () => number | Promise<number>
}

export type Measured = {
  readonly name: string
  readonly cpuSeconds: readonly number[]
  readonly counted: number | string
}

/**
 * Runs the contenders in turn, round after round, so that a slow moment of the machine meets them all. CPU time, since
 * wall time says more of the machine than of the code. One round before the first counts for nothing.
 */
export async function measure(contenders: readonly Contender[], rounds = 5): Promise<Measured[]> {
  const cpuSeconds = contenders.map((): number[] => [])
  const counted: (number | string)[] = []
  for (let round = -1; round < rounds; round++) {
    for (const [index, { run }] of contenders.entries()) {
      const before = process.cpuUsage()
      counted[index] = await Promise.resolve()
        .then(run)
        .catch((error: Error) => `failed: ${error.message.slice(0, 40)}`)
      const { user, system } = process.cpuUsage(before)
      if (round >= 0) cpuSeconds[index]!.push((user + system) / 1e6)
    }
  }
  return contenders.map(({ name }, index) => ({
    name,
    cpuSeconds: cpuSeconds[index]!,
    counted: counted[index]!,
  }))
}

/** A table with each contender's median, its ratio to the first, and the spread. */
export function ratioTable(title: string, measured: readonly Measured[]): string {
  const base = median(measured[0]!.cpuSeconds)
  const table = new Table({
    head: [title, 'CPU s', 'ratio', 'spread', 'counted'],
    style: { head: [], border: [] },
  })
  for (const { name, cpuSeconds, counted } of measured) {
    const middle = median(cpuSeconds)
    const spread = `${Math.min(...cpuSeconds).toFixed(3)} to ${Math.max(...cpuSeconds).toFixed(3)}`
    table.push([name, middle.toFixed(3), (middle / base).toFixed(2), spread, String(counted)])
  }
  return table.toString()
}

export function machine(): string {
  return `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
