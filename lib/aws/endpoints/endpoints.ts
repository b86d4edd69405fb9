import { OptionError } from '../../core/errors.ts'
import type { Environment } from '../operations/stream-id.ts'

/** The endpoint options that all who call the service share. */
export type EndpointOptions = {
  /** Base URL for GetMedia, in place of asking GetDataEndpoint. Default: AWS_ENDPOINT_URL_KINESIS_VIDEO_MEDIA. */
  readonly endpoint?: string | undefined
  /**
   * Base URL for GetDataEndpoint. Default: AWS_ENDPOINT_URL_KINESIS_VIDEO, else AWS_ENDPOINT_URL, else the region's.
   * Both variables are ignored where AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is `true`, as in every AWS tool.
   */
  readonly controlEndpoint?: string | undefined
}

/** The URL that `/getDataEndpoint` is appended to: no slash at its end. Throws `OptionError`. */
export function resolveControlEndpoint(
  given: unknown,
  region: string,
  env: Environment = process.env,
): string {
  if (given !== undefined) return checkEndpoint('controlEndpoint', given)
  const name = configured(env, 'AWS_ENDPOINT_URL_KINESIS_VIDEO') ?? configured(env, 'AWS_ENDPOINT_URL')
  return name === undefined ? regionalEndpoint(region, env) : checkEndpoint(name, env[name])
}

/** The URL that `/getMedia` is appended to where the caller knows it; `undefined`: ask GetDataEndpoint. */
export function resolveDataEndpoint(given: unknown, env: Environment = process.env): string | undefined {
  if (given !== undefined) return checkEndpoint('endpoint', given)
  const name = configured(env, 'AWS_ENDPOINT_URL_KINESIS_VIDEO_MEDIA')
  return name === undefined ? undefined : checkEndpoint(name, env[name])
}

/**
 * Where a stream lives, as a word: the region for the service itself, whatever the host, and the origin for a local
 * or private one. The limits of a stream are counted for each place.
 */
export function placeOf(endpoint: string, region: string): string {
  const { hostname, origin } = new URL(endpoint)
  return AWS_HOSTS.some(suffix => hostname.endsWith(suffix)) ? region : origin
}

/** Checks a URL that requests go to, and gives it without a slash at its end. `name` is the option or variable. */
export function checkEndpoint(name: string, value: unknown): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new OptionError(name, 'be an http or https URL', value)
  }
  if (url.username !== '' || url.password !== '') {
    // The value is not shown: it holds a password.
    throw new OptionError(name, 'hold no user name and password', 'a URL with them')
  }
  if (url.search !== '' || url.hash !== '')
    throw new OptionError(name, 'have no query and no fragment', value)
  return (url.origin + url.pathname).replace(/\/+$/, '')
}

function configured(env: Environment, name: string): string | undefined {
  const ignored = env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS?.toLowerCase() === 'true'
  return !ignored && env[name] ? name : undefined
}

/** By AWS partition: how a region begins, its hosts' ending, and the ending where dualstack is asked for. */
const PARTITIONS: readonly (readonly [
  prefix: string,
  suffix: string,
  dualstackSuffix: string | undefined,
])[] = [
  ['cn-', 'amazonaws.com.cn', 'api.amazonwebservices.com.cn'],
  ['us-isob-', 'sc2s.sgov.gov', undefined],
  ['us-iso-', 'c2s.ic.gov', undefined],
  ['', 'amazonaws.com', 'api.aws'],
]

const AWS_HOSTS = PARTITIONS.flatMap(([, suffix, dualstack]) => [suffix, dualstack])
  .filter(suffix => suffix !== undefined)
  .map(suffix => `.${suffix}`)

/** As the endpoint rules of the service's model have it. */
function regionalEndpoint(region: string, env: Environment): string {
  const fips = env.AWS_USE_FIPS_ENDPOINT?.toLowerCase() === 'true' ? '-fips' : ''
  const dualstack = env.AWS_USE_DUALSTACK_ENDPOINT?.toLowerCase() === 'true'
  const [, suffix, dualstackSuffix] = PARTITIONS.find(([prefix]) => region.startsWith(prefix))!
  if (!dualstack) return `https://kinesisvideo${fips}.${region}.${suffix}`
  if (dualstackSuffix === undefined) {
    throw new OptionError('AWS_USE_DUALSTACK_ENDPOINT', `be unset: ${region} has no such endpoint`, 'true')
  }
  return `https://kinesisvideo${fips}.${region}.${dualstackSuffix}`
}
