import { InvalidArgumentError } from 'commander'

/** A duration in milliseconds, or with a unit: `500`, `500ms`, `10s`, `2m`. */
export function parseDurationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text)
  const factor = { ms: 1, s: 1000, m: 60_000 }[match?.[2] ?? 'ms']
  const durationMs = match === null || factor === undefined ? 0 : Number(match[1]) * factor
  if (durationMs <= 0) throw new InvalidArgumentError('Use milliseconds, or a unit: 500ms, 10s, 2m.')
  return durationMs
}

export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Use a whole number from 1.')
  return Number(text)
}

export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) throw new InvalidArgumentError('Use a port from 0 to 65535.')
  return port
}
