import { raiseFault } from '../faults.ts'
import { GetMediaSession } from '../get-media-session.ts'
import { ONE_STREAM, STREAM_MEMBERS } from '../members.ts'
import { defineOperation } from '../operation.ts'
import { ServiceException, tooManyCalls } from '../service-exception.ts'
import { findStart, START_SELECTOR } from '../start-position.ts'

/** GetMedia: the chunks of a stream from a start selector on (facts 3 and 4). */
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
    const stream = service.streams.resolve(request)
    const start = findStart(request.StartSelector, stream.store, settings.unknownFragment)
    if (!stream.takeCall('getMediaCallsPerSecond')) throw tooManyCalls('GetMedia', stream.name)
    if (!stream.hasFreeSession) throw tooManySessions(stream.name)
    const fault = faults.take(stream.name)
    record.fault = fault?.type
    raiseFault(fault, stream.name)
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

function tooManySessions(streamName: string): ServiceException {
  return new ServiceException(
    'ConnectionLimitExceededException',
    `Limit exceeded on number of connections for GetMedia API for resource '${streamName}'`,
  )
}
