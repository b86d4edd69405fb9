import { OptionError } from '../../core/errors.ts'

/** A region's name as it may stand in a credential scope and in an ARN; real ones and made-up ones such as `local`. */
export const REGION_PATTERN = /^[a-z0-9-]{1,64}$/

/** A stream as users write it: `NAME`, or `REGION/NAME` for the one in that region. */
export type StreamLabel = { readonly name: string; readonly region: string | undefined }

/** Reads `NAME` or `REGION/NAME`. @throws OptionError where the part before the slash cannot be a region */
export function parseStreamLabel(option: string, label: string): StreamLabel {
  const at = typeof label === 'string' ? label.indexOf('/') : -1
  if (at === -1) return { name: label, region: undefined }
  return { name: label.slice(at + 1), region: regionOption(option, label.slice(0, at)) }
}

/** The text that `parseStreamLabel` reads. */
export function formatStreamLabel({ name, region }: StreamLabel): string {
  return region === undefined ? name : `${region}/${name}`
}

/** Checks a region. @throws OptionError */
export function regionOption(option: string, value: unknown): string {
  if (typeof value === 'string' && REGION_PATTERN.test(value)) return value
  throw new OptionError(option, 'name a region such as us-west-2', value)
}

/** The same ARN in another region, in the partition that the region belongs to. */
export function arnInRegion(arn: string, region: string): string {
  const [, , service, , ...rest] = arn.split(':')
  return ['arn', partitionOf(region), service, region, ...rest].join(':')
}

/** The region in an ARN. */
export function regionOfArn(arn: string): string {
  return arn.split(':')[3] ?? ''
}

/** From the partitions of the SDKs' endpoint data. */
function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  if (region.startsWith('us-gov-')) return 'aws-us-gov'
  if (region.startsWith('us-isob-')) return 'aws-iso-b'
  if (region.startsWith('us-iso-')) return 'aws-iso'
  return 'aws'
}
