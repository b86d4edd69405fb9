import { admitToAccount } from '../limits/admission.ts'
import { NEXT_TOKEN, STREAM_NAME } from '../server/members.ts'
import { invalidArgument } from '../server/service-exception.ts'
import { streamInfo } from '../streams/stream-info.ts'
import { defineOperation } from './operation.ts'

/** ListStreams: all streams of the region, by name, in pages. The token is the last name of the page, in base64. */
export const listStreams = defineOperation({
  name: 'ListStreams',
  path: '/listStreams',
  request: {
    type: 'structure',
    members: {
      MaxResults: { type: 'number', integer: true, min: 1, max: 10_000 },
      NextToken: NEXT_TOKEN,
      StreamNameCondition: {
        type: 'structure',
        members: {
          ComparisonOperator: { type: 'string', choices: ['BEGINS_WITH'] },
          ComparisonValue: STREAM_NAME,
        },
      },
    },
  },
  handle(request, service, record) {
    admitToAccount({ operation: 'ListStreams', rates: { account: 'accountCallsPerSecond' } }, service, record)
    const { streams } = service
    const after = request.NextToken ? lastNameOf(request.NextToken) : ''
    const prefix = request.StreamNameCondition?.ComparisonValue ?? ''
    const matching = streams
      .listed(record.region)
      .filter(stream => stream.name > after && stream.name.startsWith(prefix))
    const page = matching.slice(0, request.MaxResults ?? 10_000)
    const NextToken =
      page.length < matching.length ? Buffer.from(page.at(-1)!.name).toString('base64') : undefined
    const StreamInfoList = page.map(stream => streamInfo(stream, streams.statusOf(stream), record.region))
    return { json: { StreamInfoList, NextToken } }
  },
})

function lastNameOf(token: string): string {
  const name = Buffer.from(token, 'base64').toString()
  if (!/^[a-zA-Z0-9_.-]+$/.test(name)) throw invalidArgument('The next token is invalid')
  return name
}
