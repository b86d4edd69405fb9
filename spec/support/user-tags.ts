import type { TagRecord } from '../../lib/get-media/events.ts'
import { UserTags } from '../../lib/get-media/user-tags.ts'

/** The tags as they would have come, one by one. */
export function userTags(record: TagRecord): UserTags {
  const tags = new UserTags()
  for (const [name, value] of Object.entries(record)) tags.set(name, value)
  return tags
}
