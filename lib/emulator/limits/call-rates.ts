import type { Limits, Settings } from '../settings.ts'
import type { MediaStream } from '../streams/media-stream.ts'
import { CallLimiter } from './call-limiter.ts'
import { PointBudget } from './point-budget.ts'

/** The limits of one operation's rate: over the account, and for each stream. */
export type Rates = { readonly account?: keyof Limits; readonly stream?: keyof Limits }

/** What most control operations may be called. */
export const CONTROL_RATES: Rates = { account: 'accountCallsPerSecond', stream: 'streamCallsPerSecond' }

/** How often each operation was called of late: over the account in each region, and on each stream. */
export class CallRates {
  readonly #settings: Settings
  readonly #account = new Map<string, CallLimiter>()
  readonly #streams = new WeakMap<MediaStream, Map<string, CallLimiter>>()
  readonly #budgets = new WeakMap<MediaStream, Map<keyof Limits, PointBudget>>()

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** Whether one more call may pass now; it then counts. `stream` is absent for a call that is about none. */
  tryTake(operation: string, rates: Rates, region: string, stream?: MediaStream): boolean {
    const limiters: CallLimiter[] = []
    if (rates.account !== undefined) {
      limiters.push(this.#limiter(this.#account, `${region} ${operation}`, rates.account))
    }
    if (rates.stream !== undefined && stream !== undefined) {
      const ofStream = mapOf(this.#streams, stream)
      limiters.push(this.#limiter(ofStream, operation, rates.stream))
    }
    // A call that one of them refuses counts with none.
    return limiters.every(limiter => limiter.hasRoom()) && limiters.every(limiter => limiter.tryTake())
  }

  /** Whether a call of that cost may pass now under a limit that counts points; it is then taken off. */
  tryTakePoints(limit: keyof Limits, stream: MediaStream, cost: number): boolean {
    const budgets = mapOf(this.#budgets, stream)
    let budget = budgets.get(limit)
    if (budget === undefined) {
      budget = new PointBudget(this.#settings.limits[limit], this.#settings.clock)
      budgets.set(limit, budget)
    }
    return budget.tryTake(cost)
  }

  #limiter(limiters: Map<string, CallLimiter>, key: string, limit: keyof Limits): CallLimiter {
    let limiter = limiters.get(key)
    if (limiter === undefined) {
      limiter = new CallLimiter(this.#settings.limits[limit], this.#settings.clock)
      limiters.set(key, limiter)
    }
    return limiter
  }
}

function mapOf<K, V>(maps: WeakMap<MediaStream, Map<K, V>>, stream: MediaStream): Map<K, V> {
  let map = maps.get(stream)
  if (map === undefined) {
    map = new Map()
    maps.set(stream, map)
  }
  return map
}
