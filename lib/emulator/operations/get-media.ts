import { admitToMedia } from '../limits/admission.ts'
import { ONE_STREAM, STREAM_MEMBERS } from '../server/members.ts'
import { tooManySessions } from '../server/service-exception.ts'
import { GetMediaSession } from '../streams/get-media-session.ts'
import { findStart, START_SELECTOR } from '../streams/start-position.ts'
import { defineOperation } from './operation.ts'

const GATE = {
  operation: 'GetMedia',
  rates: { stream: 'getMediaCallsPerSecond' },
  strikesLater: true,
} as const

/** GetMedia: the chunks of a stream from a start selector on. */
export const getMedia = defineOperation({
  name: 'GetMedia',
  path: '/getMedia',
  request: {
    type: 'structure',
    members: { ...STREAM_MEMBERS, StartSelector: START_SELECTOR },
    oneOf: ONE_STREAM,
  },
  handle(request, service, record) {
    const { settings, faults } = service
    const stream = admitToMedia(GATE, request, service, record)
    const start = findStart(request.StartSelector, stream.store, settings.unknownFragment)
    if (!stream.hasFreeSession) throw tooManySessions('GetMedia', stream.name)
    const fault = faults.strike('GetMedia', stream, record)
    const release = stream.takeSession()
    return {
      contentType: 'video/webm',
      async send(body) {
        body.onOver(release)
        record.endedBy = await new GetMediaSession(stream.store, body, settings, fault).run(start)
      },
    }
  },
})
