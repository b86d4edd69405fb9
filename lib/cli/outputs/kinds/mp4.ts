import { type Mp4FileReport, Mp4FileSink, Mp4Remuxer } from '../../../index.ts'
import { formatBytes, formatCount } from '../../terminal/format.ts'
import { bytesOutlet, filesOutlet } from '../outlets.ts'
import type { OutputFlags } from '../output-flags.ts'
import type { OutputKind } from '../output-kind.ts'

export const mp4Output: OutputKind = {
  name: 'mp4',
  addFlags: command =>
    command
      .option('--mp4 <file>', 'one MP4 file, named as by --mkv; to standard output it is fragmented')
      .option('--fragmented', 'with --mp4: a file that plays while it grows and after a crash, for browsers'),
  target: ({ mp4 }) => mp4,
  toStandardOutput: true,
  open: (flags, tell) => {
    const { mp4 = '-', fragmented, rotate } = flags
    const how = mp4Options(flags)
    if (mp4 === '-' || fragmented) {
      const stage = new Mp4Remuxer(how)
      return bytesOutlet('mp4', stage, mp4, tell, { missing: () => missingFromMp4(stage) })
    }
    const sink = new Mp4FileSink({
      path: mp4,
      ...how,
      ...(rotate === undefined ? {} : { rotate: { everyMs: rotate } }),
    })
    sink.on('file', ({ path, durationMs, frames, bytes }: Mp4FileReport) => {
      tell(`${path}: ${(durationMs / 1000).toFixed(1)} s, ${frames} frames, ${formatBytes(bytes)}`)
    })
    return filesOutlet('mp4', sink, () => missingFromMp4(sink))
  },
}

/** The frames that an output of MP4 left out, in words. */
export function missingFromMp4({
  skippedFrames = 0,
  unsupportedFrames,
}: {
  readonly skippedFrames?: number
  readonly unsupportedFrames: number
}): readonly string[] {
  return [
    ...(skippedFrames === 0
      ? []
      : [`left out ${formatCount(skippedFrames, 'frame')} before the first keyframe`]),
    ...(unsupportedFrames === 0
      ? []
      : [`left out ${formatCount(unsupportedFrames, 'frame')} of tracks that MP4 cannot carry`]),
  ]
}

/** What `--mp4` and `--hls` share. */
export function mp4Options({ gaps, skipUnsupported }: OutputFlags): {
  gaps?: 'keep' | 'close'
  onUnsupportedTrack?: 'leave-out'
} {
  return {
    ...(gaps === undefined ? {} : { gaps }),
    ...(skipUnsupported ? { onUnsupportedTrack: 'leave-out' as const } : {}),
  }
}
