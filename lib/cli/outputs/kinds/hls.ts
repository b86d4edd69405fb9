import { type HlsPlaylistReport, HlsWriter } from '../../../index.ts'
import { parseCount, parseDurationMs } from '../../arguments/numbers.ts'
import { filesOutlet } from '../outlets.ts'
import type { OutputKind } from '../output-kind.ts'
import { missingFromMp4, mp4Options } from './mp4.ts'

export const hlsOutput: OutputKind = {
  name: 'hls',
  addFlags: command =>
    command
      .option('--hls <directory>', 'an HLS playlist and its segments, which play while they grow')
      .option(
        '--hls-segment <time>',
        'with --hls: how long a segment is at least (default: 4s)',
        parseDurationMs,
      )
      .option(
        '--hls-window <count>',
        'with --hls: a live playlist of so many segments (default: all)',
        parseCount,
      )
      .option(
        '--hls-continue',
        'with --hls: go on with the playlist that is there, as is the default with --hls-window',
      ),
  target: ({ hls }) => hls,
  toStandardOutput: false,
  open: (flags, tell) => {
    const { hls = '', hlsSegment, hlsWindow, hlsContinue } = flags
    const sink = new HlsWriter({
      directory: hls,
      ...mp4Options(flags),
      ...(hlsSegment === undefined ? {} : { segmentMs: hlsSegment }),
      ...(hlsWindow === undefined ? {} : { windowSegments: hlsWindow }),
      ...(hlsContinue ? { onExisting: 'continue' as const } : {}),
    })
    let isTold = false
    sink.on('playlist', ({ path, segments, ended }: HlsPlaylistReport) => {
      if (!isTold) tell(`${path}: plays from now on`)
      isTold = true
      if (ended) tell(`${path}: ended, with ${segments} segments`)
    })
    return filesOutlet('hls', sink, () => missingFromMp4(sink))
  },
}
