import { InvalidArgumentError } from 'commander'

/** A bare number up to here is in seconds: nobody waits so few milliseconds for a network, nor longer in seconds. */
const MOST_BARE_SECONDS = 100

/** A duration with a unit, in milliseconds: `500ms`, `10s`, `2m`, `1h`. A bare number is in seconds up to 100, else in milliseconds. */
export function parseDurationMs(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? []
  const bareUnit = Number(digits) <= MOST_BARE_SECONDS ? 's' : 'ms'
  const durationMs = Number(digits) * UNITS_MS[unit ?? bareUnit]!
  if (!(durationMs > 0)) throw new InvalidArgumentError('Use a time with its unit: 500ms, 10s, 2m, 1h.')
  return durationMs
}

/** As `parseDurationMs`, and `0`. */
export function parseToleranceMs(text: string): number {
  return /^0(?:ms|s)?$/.test(text) ? 0 : parseDurationMs(text)
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Use a whole number from 1.')
  return Number(text)
}

export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) throw new InvalidArgumentError('Use a port from 0 to 65535.')
  return port
}
