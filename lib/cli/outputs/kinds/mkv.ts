import { type MkvFileReport, MkvFileSink, MkvSegmentMerger } from '../../../index.ts'
import { formatBytes } from '../../terminal/format.ts'
import { bytesOutlet, filesOutlet } from '../outlets.ts'
import type { OutputKind } from '../output-kind.ts'

export const mkvOutput: OutputKind = {
  name: 'mkv',
  addFlags: command =>
    command.option(
      '--mkv <file>',
      'one playable Matroska file; {time}, {date}, {fragment} and {index} stand for its facts',
    ),
  target: ({ mkv }) => mkv,
  toStandardOutput: true,
  open: ({ mkv = '-', gaps, rotate }, tell) => {
    const how = gaps === undefined ? {} : { gaps }
    if (mkv === '-') return bytesOutlet('mkv', new MkvSegmentMerger(how), mkv, tell)
    const sink = new MkvFileSink({
      path: mkv,
      ...how,
      ...(rotate === undefined ? {} : { rotate: { everyMs: rotate } }),
    })
    sink.on('file', ({ path, durationMs, frames, bytes }: MkvFileReport) => {
      tell(`${path}: ${(durationMs / 1000).toFixed(1)} s, ${frames} frames, ${formatBytes(bytes)}`)
    })
    return filesOutlet('mkv', sink)
  },
}
