import { invalidArgument } from '../server/service-exception.ts'
import type { FragmentRange, PagePosition } from './fragment-pages.ts'

/** What a NextToken of ListFragments stands for: with it and the stream, a next page needs no selector. */
export type PageToken = { readonly range: FragmentRange; readonly position: PagePosition }

/** Writes a token in the alphabet that the API has for it. */
export function writePageToken({ range, position }: PageToken): string {
  const fields = [
    range.order,
    range.fromMs,
    range.toMs,
    position.half,
    position.atMs,
    String(position.behind),
  ]
  return Buffer.from(JSON.stringify(fields)).toString('base64')
}

/** @throws ServiceException for a token that was never given */
export function readPageToken(token: string): PageToken {
  try {
    const [order, fromMs, toMs, half, atMs, behind] = JSON.parse(Buffer.from(token, 'base64').toString())
    const isRead =
      (order === 'server' || order === 'producer') &&
      [fromMs, toMs, atMs].every(Number.isSafeInteger) &&
      (half === 0 || half === 1) &&
      typeof behind === 'string'
    if (isRead) return { range: { order, fromMs, toMs }, position: { half, atMs, behind: BigInt(behind) } }
  } catch {
    // Told below, as every other token that cannot be read.
  }
  throw invalidArgument('The next token is invalid')
}
