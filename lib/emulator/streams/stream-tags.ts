import { MOST_TAGS, TOO_MANY_TAGS } from '../server/members.ts'
import { invalidArgument, ServiceException } from '../server/service-exception.ts'
import type { MediaStream } from './media-stream.ts'

/** What the tag operations of streams and those of resources do alike. */

/** Adds tags to a stream's; a name that it has gets the new value. @throws ServiceException above fifty */
export function addTags(stream: MediaStream, tags: Readonly<Record<string, string>>): void {
  const all = { ...stream.metadata.current.tags, ...tags }
  const count = Object.keys(all).length
  if (count > MOST_TAGS) {
    throw new ServiceException(
      TOO_MANY_TAGS,
      `The stream ${stream.name} would have ${count} tags; ${MOST_TAGS} can be.`,
    )
  }
  stream.metadata.setTags(all)
}

/** Takes tags away; names that the stream does not have are ignored. */
export function removeTags(stream: MediaStream, keys: readonly string[]): void {
  const left = Object.entries(stream.metadata.current.tags).filter(([key]) => !keys.includes(key))
  stream.metadata.setTags(Object.fromEntries(left))
}

/** A stream's tags, all in one page. @throws ServiceException for a token, as none was ever given */
export function listTags(stream: MediaStream, nextToken: string | undefined): Record<string, unknown> {
  if (nextToken) throw invalidArgument('The next token is invalid')
  return { Tags: stream.metadata.current.tags }
}
