/** Bytes for people, in decimal units as the service's limits are: `2.5 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3))
  return `${(bytes / 1000 ** power).toFixed(1)} ${units[power - 1]}`
}

/** `1 frame`, `30 frames`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** A wall-clock time for people, or a dash. */
export function formatTime(time: Date | null): string {
  return time === null ? '-' : time.toISOString()
}

/** The last digits of a fragment number: those that differ. */
export function shortNumber(fragmentNumber: string | null): string {
  if (fragmentNumber === null) return '-'
  return fragmentNumber.length <= 16 ? fragmentNumber : `…${fragmentNumber.slice(-15)}`
}
