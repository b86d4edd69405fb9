import { Command } from 'commander'
import {
  AbortError,
  type FragmentEvent,
  joinStages,
  MkvChunkDemuxer,
  OptionError,
  TagExtractor,
} from '../../index.ts'
import { EXIT_CODES, raiseExitCode } from '../exit-code.ts'
import { openInputFile } from '../input-file.ts'
import { openOutputs } from '../outputs/open-outputs.ts'
import {
  addOutputFlags,
  checkIsNotInput,
  hasOutputs,
  type OutputFlags,
  outputFlagNames,
} from '../outputs/output-flags.ts'
import { handleBrokenPipe } from '../terminal/broken-pipe.ts'
import { WarningReport } from '../warning-report.ts'

export function convertCommand(): Command {
  const command = new Command('convert')
    .description(
      'Makes files that play of a GetMedia payload or a Matroska file, several at once from one reading.',
    )
    .argument('<file>', 'the file, or - for standard input')
  return addOutputFlags(command)
    .addHelpText('after', '\nOne that is a file may be - for standard output.')
    .action(convert)
}

async function convert(file: string, flags: OutputFlags): Promise<void> {
  if (!hasOutputs(flags)) throw new OptionError(outputFlagNames(), 'be given')
  checkIsNotInput(flags, file)
  handleBrokenPipe()
  const outputs = openOutputs(flags, text => process.stderr.write(`${text}\n`))
  const { stream, ...access } = openInputFile(file)
  // Not one pipeline: it would throw away what the extractor holds when the demuxer fails.
  const events = joinStages(stream, new MkvChunkDemuxer(access), new TagExtractor({ errorTags: 'report' }))
  // Once: a second Ctrl-C kills, should the first hang. The files keep what they have.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => events.destroy(new AbortError('convert', signal)))
  }
  await outputs.consume(reportTrouble(events))
  // Somebody may still be writing to a reader that has gone.
  if (file === '-') process.stdin.destroy()
}

/** Reports a payload that breaks off, errors of the service in it, and warnings; what can be read is converted. */
async function* reportTrouble(events: AsyncIterable<FragmentEvent>): AsyncGenerator<FragmentEvent> {
  const warnings = new WarningReport()
  for await (const event of warnings.watch(events)) {
    if (event.type === 'truncated') {
      raiseExitCode(EXIT_CODES.failed)
      process.stderr.write(`getmedia: the payload is broken off at byte ${event.byteOffset}\n`)
    }
    if (event.type === 'fragment-end' && (event.errorId !== null || event.errorCode !== null)) {
      raiseExitCode(EXIT_CODES.failed)
      const error = [event.errorId, event.errorCode].filter(part => part !== null).join(' ')
      process.stderr.write(`getmedia: the payload tells of an error: ${error}\n`)
    }
    yield event
  }
}
