/** `00:01:02.345`; the hours have two digits or more, and what is before zero is zero. */
export function cueTime(ms: number, decimalMark: '.' | ','): string {
  const wholeMs = Math.max(0, Math.round(ms))
  const digits = (value: number, width: number) => String(value).padStart(width, '0')
  const hours = digits(Math.floor(wholeMs / 3_600_000), 2)
  const minutes = digits(Math.floor(wholeMs / 60_000) % 60, 2)
  const seconds = digits(Math.floor(wholeMs / 1000) % 60, 2)
  return `${hours}:${minutes}:${seconds}${decimalMark}${digits(wholeMs % 1000, 3)}`
}
