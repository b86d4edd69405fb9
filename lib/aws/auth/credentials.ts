import type { Clock } from '../../core/clock.ts'
import { GetMediaError, OptionError } from '../../core/errors.ts'
import type { Environment } from '../operations/stream-id.ts'

/** A key pair, as the AWS SDKs hold it. */
export type Credentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of temporary credentials. */
  readonly sessionToken?: string | undefined
  /** When temporary credentials end. A function that gives one is asked anew before that. */
  readonly expiration?: Date | undefined
}

/**
 * Credentials, or a function that gives them: the providers of `@aws-sdk/credential-providers` fit as they are.
 * `forceRefresh` is set after the service refused what the function gave before.
 */
export type CredentialsProvider =
  | Credentials
  | ((options?: { readonly forceRefresh?: boolean }) => Promise<Credentials> | Credentials)

/** No credentials, or none that can be used. Retryable only where the same function gave some before. */
export class CredentialsError extends GetMediaError {
  readonly code = 'ERR_CREDENTIALS'
}

/** Credentials on demand. */
export type CredentialsSource = {
  /** Fit for a call now. Rejects with `CredentialsError`. */
  get(): Promise<Credentials>
  /** The service refused the last ones: the next `get` asks for others. */
  refuse(): void
}

/** A function is asked again when its credentials have less than this left… */
const ASK_BEFORE_END_MS = 5 * 60_000
/** …and when it fails then, the old ones still serve until this much is left. */
const KEEP_UNTIL_END_MS = 60_000

/**
 * Checks the option `credentials` and gives their source. Left out, it is the environment's: AWS_ACCESS_KEY_ID,
 * AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, read at each call. Throws `OptionError`; credentials that are
 * missing are an error of `get`, when a call needs them.
 *
 * What one function gave is kept for all who pass the same function, until 5 minutes before `expiration`. Without
 * an expiration the function is asked for each call, and may keep its own cache, as the SDK's providers do.
 */
export function credentialsSource(
  given: unknown,
  clock: Clock,
  env: Environment = process.env,
): CredentialsSource {
  if (given === undefined) return { get: async () => credentialsOfEnvironment(env), refuse() {} }
  if (typeof given === 'function') return sharedProvider(given as ProviderFunction, clock)
  if (typeof given !== 'object' || given === null) {
    throw new OptionError('credentials', 'be an object or a function that gives one', typeof given)
  }
  const credentials = checkCredentials(
    given,
    (field, rule, value) =>
      // The value stays out of the message: it may be a secret with a slip of the pen in it.
      new OptionError(`credentials.${field}`, rule, value === undefined ? undefined : `some ${typeof value}`),
  )
  return { get: async () => credentials, refuse() {} }
}

type ProviderFunction = (options?: { readonly forceRefresh?: boolean }) => unknown

const shared = new WeakMap<ProviderFunction, ProviderCredentials>()

function sharedProvider(provider: ProviderFunction, clock: Clock): CredentialsSource {
  const source = shared.get(provider) ?? new ProviderCredentials(provider)
  shared.set(provider, source)
  return { get: () => source.get(clock), refuse: () => source.refuse() }
}

class ProviderCredentials {
  readonly #provider: ProviderFunction
  #last: Credentials | undefined
  #refused = false
  #asking: Promise<Credentials> | undefined

  constructor(provider: ProviderFunction) {
    this.#provider = provider
  }

  refuse(): void {
    this.#refused = true
  }

  async get(clock: Clock): Promise<Credentials> {
    const leftMs = this.#leftMs(clock)
    if (this.#last !== undefined && leftMs > ASK_BEFORE_END_MS) return this.#last
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    try {
      return await this.#asking
    } catch (error) {
      if (this.#last !== undefined && leftMs > KEEP_UNTIL_END_MS) return this.#last
      throw error
    }
  }

  #leftMs(clock: Clock): number {
    const end = this.#last?.expiration
    return end === undefined || this.#refused ? 0 : end.getTime() - clock.wallClockMs()
  }

  async #ask(): Promise<Credentials> {
    const forceRefresh = this.#refused
    // An error of the provider is likely a passing one (its service is away) only if it ever worked.
    const retryable = this.#last !== undefined
    let given: unknown
    try {
      given = await this.#provider(forceRefresh ? { forceRefresh } : undefined)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : 'it threw no Error'
      throw new CredentialsError(`the function \`credentials\` failed: ${reason}`, { cause, retryable })
    }
    if (typeof given !== 'object' || given === null) {
      throw new CredentialsError('the function `credentials` must give an object with the keys; it gave none')
    }
    const checked = checkCredentials(given, (field, rule) => {
      return new CredentialsError(`the function \`credentials\` gave no good \`${field}\`: it must ${rule}`)
    })
    this.#refused = false
    this.#last = checked
    return checked
  }
}

function credentialsOfEnvironment(env: Environment): Credentials {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env
  if (!accessKeyId || !secretAccessKey) {
    const missing = [
      accessKeyId ? [] : ['AWS_ACCESS_KEY_ID'],
      secretAccessKey ? [] : ['AWS_SECRET_ACCESS_KEY'],
    ].flat()
    throw new CredentialsError(
      `no AWS credentials: ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set; ` +
        'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary ones), ' +
        'or pass the option `credentials`, such as fromNodeProviderChain() of @aws-sdk/credential-providers',
    )
  }
  return checkCredentials(
    { accessKeyId, secretAccessKey, sessionToken: sessionToken || undefined },
    (field, rule) =>
      new CredentialsError(`the AWS_* variables give no good credentials: \`${field}\` must ${rule}`),
  )
}

type Fail = (field: keyof Credentials, rule: string, value: unknown) => Error

function checkCredentials(given: object, fail: Fail): Credentials {
  const { accessKeyId, secretAccessKey, sessionToken, expiration }: UncheckedCredentials = given
  if (!isHeaderText(accessKeyId)) throw fail('accessKeyId', VISIBLE_ASCII, accessKeyId)
  if (!isHeaderText(secretAccessKey)) throw fail('secretAccessKey', VISIBLE_ASCII, secretAccessKey)
  if (sessionToken !== undefined && !isHeaderText(sessionToken)) {
    throw fail('sessionToken', `${VISIBLE_ASCII}, or absent`, sessionToken)
  }
  if (expiration !== undefined && !(expiration instanceof Date && !Number.isNaN(expiration.getTime()))) {
    throw fail('expiration', 'be a Date, or absent', expiration)
  }
  return { accessKeyId, secretAccessKey, sessionToken, expiration }
}

type UncheckedCredentials = { readonly [Field in keyof Credentials]?: unknown }

const VISIBLE_ASCII = 'be a string of visible ASCII characters'

/** All three are parts of a signature or a header; a line break in one would break the request apart. */
function isHeaderText(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)
}
