import { CueExtractor } from '../../../index.ts'
import { bytesOutlet } from '../outlets.ts'
import type { OutputKind } from '../output-kind.ts'

export const cuesOutput: OutputKind = {
  name: 'cues',
  addFlags: command =>
    command.option(
      '--cues <file>',
      'text tracks: SubRip where the name ends in .srt, WebVTT in .vtt, else lines of JSON with wall-clock times',
    ),
  target: ({ cues }) => cues,
  toStandardOutput: true,
  open: ({ cues = '-', gaps, track }, tell) => {
    const format = cues.endsWith('.srt') ? 'srt' : cues.endsWith('.vtt') ? 'webvtt' : 'events'
    const extractor = new CueExtractor({
      format,
      ...(gaps === undefined ? {} : { gaps }),
      ...(track === undefined ? {} : { track }),
    })
    return bytesOutlet('cues', extractor, cues, tell, {
      isText: true,
      serializer: format === 'events' ? jsonLines : undefined,
    })
  },
}

async function* jsonLines(cues: AsyncIterable<unknown>): AsyncGenerator<string> {
  // What is not known is said so, for programs that go by fields.
  for await (const cue of cues) yield `${JSON.stringify(cue, (_key, value) => value ?? null)}\n`
}
