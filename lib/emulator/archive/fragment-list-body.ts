import { AbortError } from '../../core/errors.ts'
import type { FaultEffect } from '../faults/fault-effect.ts'
import { PacedBody } from '../server/paced-body.ts'
import { type BodyEnd, BodyOver, type ResponseBody } from '../server/response-body.ts'
import type { Settings } from '../settings.ts'
import type { StoredFragment } from '../streams/fragment.ts'
import { errorChunk, leadingTags, SEGMENT_HEAD } from '../streams/service-tags.ts'

/** The error of a number that is not archived; the one code that was seen in real bytes. */
const NOT_FOUND = { id: 3000, code: 'FRAGMENT_NOT_FOUND' } as const

/** How a body of listed fragments came to its end. */
export type FragmentListEnd = 'complete' | 'error-tag' | 'fault' | 'client'

/** The numbers of a list, the lookup of their fragments, and the effect of a fault. */
export type FragmentList = {
  readonly numbers: readonly string[]
  readonly find: (number: bigint) => StoredFragment | undefined
  readonly fault: FaultEffect
}

/**
 * Sends the chunks of listed fragments, in the order of the list: as GetMedia's, but without the tags that end those.
 * A number that is not there gives a chunk of its own that says so; `missingFragment` decides what follows.
 */
export async function sendFragmentList(
  { numbers, find, fault }: FragmentList,
  body: ResponseBody,
  settings: Settings,
): Promise<FragmentListEnd> {
  const { bytesPerSecond = settings.limits.bytesPerSecond, breakOff } = fault
  const paced = new PacedBody(body, bytesPerSecond, settings.clock)
  if (breakOff?.atByte !== undefined) body.breakAt(breakOff.atByte, breakOff.how)
  let end: FragmentListEnd = 'complete'
  try {
    for (const [sent, number] of numbers.entries()) {
      if (sent === breakOff?.afterFragments) return await breakNow(body, breakOff.how)
      const fragment = find(BigInt(number))
      if (fragment !== undefined) await sendChunk(fragment, paced)
      else {
        end = 'error-tag'
        await paced.send(errorChunk({ ...NOT_FOUND, fragmentNumber: number }))
        if (settings.missingFragment === 'end') break
      }
    }
    await body.finish('end')
    return end
  } catch (error) {
    if (error instanceof BodyOver) return error.by === 'client' ? 'client' : 'fault'
    if (error instanceof AbortError) return 'client'
    throw error
  }
}

async function breakNow(body: ResponseBody, how: BodyEnd): Promise<FragmentListEnd> {
  await body.finish(how)
  return 'fault'
}

/** How many bytes a fragment's chunk has in such a body. */
export function chunkByteLength(fragment: StoredFragment): number {
  return fragment.byteLength + SEGMENT_HEAD.length + leadingTags(fragment).length
}

async function sendChunk(fragment: StoredFragment, body: PacedBody): Promise<void> {
  // All is read at once, so that a fragment that expires on the way is still sent whole.
  const { ebmlHeader, segmentHeader, cluster, trailer } = fragment
  await body.send(Buffer.concat([ebmlHeader, SEGMENT_HEAD, segmentHeader, leadingTags(fragment)]))
  await body.send(cluster)
  await body.send(trailer)
}
