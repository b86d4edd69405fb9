import { Option } from 'commander'
import { type WavFileReport, WavWriter } from '../../../index.ts'
import { parseToleranceMs } from '../../arguments/numbers.ts'
import { formatCount } from '../../terminal/format.ts'
import { filesOutlet } from '../outlets.ts'
import type { OutputKind } from '../output-kind.ts'

export const wavOutput: OutputKind = {
  name: 'wav',
  addFlags: command =>
    command
      .option('--wav <directory>', 'WAV files of the speakers of a call')
      .addOption(
        new Option('--wav-layout <layout>', 'one file a speaker, or one of both (default: files)').choices([
          'files',
          'stereo',
        ]),
      )
      .option(
        '--wav-jitter <time>',
        'with --wav: timestamps less than this from the sample clock are jitter, and leave no gap (default: 20ms)',
        parseToleranceMs,
      )
      .option('--contact <id>', 'with --wav: the ContactId of the call (default: the first)')
      .addOption(
        new Option(
          '--on-contact-change <what>',
          'with --wav: when another call begins (default: stop)',
        ).choices(['stop', 'split', 'filter', 'ignore']),
      ),
  target: ({ wav }) => wav,
  toStandardOutput: false,
  open: ({ wav = '', wavLayout, wavJitter, onContactChange, contact }, tell) => {
    const sink = new WavWriter({
      directory: wav,
      ...(wavLayout === undefined ? {} : { layout: wavLayout }),
      ...(wavJitter === undefined ? {} : { jitterToleranceMs: wavJitter }),
      ...(onContactChange === undefined ? {} : { onContactChange }),
      ...(contact === undefined ? {} : { contactId: contact }),
    })
    let overlapping = 0
    sink.on('file', (report: WavFileReport) => {
      overlapping += report.overlappingSamples
      tell(describe(report))
    })
    // With either flag the caller has chosen which frames to record.
    const isChosen = contact !== undefined || onContactChange !== undefined
    return filesOutlet('wav', sink, () => {
      const others = isChosen ? 0 : sink.otherContactFrames
      return [
        ...(others === 0
          ? []
          : [`left out ${formatCount(others, 'frame')} of other contacts; see --on-contact-change`]),
        ...(overlapping === 0
          ? []
          : [`left out ${formatCount(overlapping, 'sample')}, since their moment had samples before`]),
      ]
    })
  },
}

/** The file, and how its samples differ from those that were sent. */
function describe(report: WavFileReport): string {
  const { path, samples, sampleRateHz, tracks, silenceSamples, driftSamples } = report
  const notes: [count: number, note: string][] = [
    [silenceSamples, 'of silence in gaps'],
    [driftSamples, 'left out or repeated to follow the timestamps'],
  ]
  const length = `${(samples / sampleRateHz).toFixed(1)} s of ${tracks.join(' and ')}`
  const shown = notes.filter(([count]) => count > 0)
  return `${path}: ${[length, ...shown.map(([count, note]) => `${formatCount(count, 'sample')} ${note}`)].join('; ')}`
}
