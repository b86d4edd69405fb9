import { sendFragmentList } from '../archive/fragment-list-body.ts'
import { admitToMedia } from '../limits/admission.ts'
import { FRAGMENT_NUMBER, ONE_STREAM, STREAM_MEMBERS } from '../server/members.ts'
import { invalidArgument, tooManyCalls, tooManySessions } from '../server/service-exception.ts'
import type { StoredFragment } from '../streams/fragment.ts'
import type { MediaStream } from '../streams/media-stream.ts'
import { defineOperation } from './operation.ts'

const OPERATION = 'GetMediaForFragmentList'
const GATE = { operation: OPERATION, rates: {}, strikesLater: true } as const

/** GetMediaForFragmentList: the chunks of archived fragments, in the order of the list. */
export const getMediaForFragmentList = defineOperation({
  name: OPERATION,
  path: '/getMediaForFragmentList',
  // A thousand numbers of 128 digits.
  maxBodyBytes: 262_144,
  request: {
    type: 'structure',
    members: {
      ...STREAM_MEMBERS,
      Fragments: { type: 'list', required: true, minSize: 1, maxSize: 1000, of: FRAGMENT_NUMBER },
    },
    oneOf: ONE_STREAM,
  },
  handle(request, service, record) {
    const { settings, rates, connections } = service
    const stream = admitToMedia(GATE, request, service, record)
    const numbers = request.Fragments
    const find = (number: bigint) => findArchived(stream, number)
    if (settings.missingFragment === 'exception') requireAll(numbers, find)
    if (!rates.tryTakePoints('fragmentMediaPerSecond', stream, numbers.length)) {
      throw tooManyCalls(OPERATION, stream.name)
    }
    const fault = service.faults.strike(OPERATION, stream, record)
    const slot = connections.take('fragmentListSessions', stream)
    if (slot === undefined) throw tooManySessions(OPERATION, stream.name)
    return {
      contentType: 'video/webm',
      async send(body) {
        body.onOver(slot.release)
        record.endedBy = await sendFragmentList({ numbers, find, fault }, body, settings)
      },
    }
  },
})

/** Without a retention nothing is archived, whatever the ingest host still has. */
function findArchived(stream: MediaStream, number: bigint): StoredFragment | undefined {
  return stream.dataRetentionInHours > 0 ? stream.store.get(number) : undefined
}

function requireAll(numbers: readonly string[], find: (number: bigint) => StoredFragment | undefined): void {
  const missing = numbers.filter(number => find(BigInt(number)) === undefined)
  // The text was seen from the real service.
  if (missing.length > 0)
    throw invalidArgument(`Fragment numbers are invalid : ${missing.slice(0, 10).join(', ')}`)
}
