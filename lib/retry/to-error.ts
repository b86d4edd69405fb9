import { isNativeError } from 'node:util/types'
import { describeValue } from '../core/errors.ts'

/** What was thrown, as an `Error`: JavaScript lets everything be thrown. A `TypeError` counts as beyond retry. */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error || isNativeError(thrown)) return thrown
  return new TypeError(`an attempt failed with ${describeValue(thrown)}, which is no Error`, {
    cause: thrown,
  })
}
