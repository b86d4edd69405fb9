import CliTable from 'cli-table3'

/** What a benchmark prints, and what its page shows. */
export type Table = {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export function toTerminal({ title, head, rows }: Table): string {
  const table = new CliTable({ head: [...head], style: { head: [], border: [] } })
  for (const row of rows) table.push([...row])
  return `${title}\n${table.toString()}`
}

export function toMarkdown({ title, head, rows }: Table): string {
  const lines = [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...rows]
  const table = lines.map(line => `| ${line.map(cell).join(' | ')} |`).join('\n')
  return title === '' ? table : `**${title}**\n\n${table}`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

/** Three digits that count: 0.123, 1.23, 12.3, 123, 1,234. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (value === 0) return '0'
  const decimals = Math.min(3, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))))
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
}

/** A count, with its thousands set apart. */
export function count(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString('en-US') : '–'
}

/** Of powers of two: `64 KB`. */
export function sizeName(bytes: number): string {
  return bytes >= 1_048_576 ? `${bytes / 1_048_576} MB` : `${bytes / 1024} KB`
}

/** `1.23 (1.20 to 1.31)`: the middle of all runs, and how far they lie apart. */
export function spread(middle: number, values: readonly number[]): string {
  if (values.length < 2) return figure(middle)
  return `${figure(middle)} (${figure(Math.min(...values))} to ${figure(Math.max(...values))})`
}
