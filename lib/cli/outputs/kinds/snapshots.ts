import { type SnapshotFailure, type SnapshotReport, SnapshotWriter } from '../../../index.ts'
import { parseDurationMs } from '../../arguments/numbers.ts'
import { formatBytes, formatCount } from '../../terminal/format.ts'
import { filesOutlet } from '../outlets.ts'
import type { OutputKind } from '../output-kind.ts'

export const snapshotsOutput: OutputKind = {
  name: 'snapshots',
  addFlags: command =>
    command
      .option(
        '--snapshots <directory>',
        'JPEG pictures of keyframes, named by the producer’s time; needs ffmpeg',
      )
      .option(
        '--snapshot-every <time>',
        'with --snapshots: one so often, at a keyframe (default: 10s)',
        parseDurationMs,
      ),
  target: ({ snapshots }) => snapshots,
  toStandardOutput: false,
  open: ({ snapshots = '', snapshotEvery, track }, tell) => {
    const sink = new SnapshotWriter({
      directory: snapshots,
      ...(snapshotEvery === undefined ? {} : { everyMs: snapshotEvery }),
      ...(track === undefined ? {} : { track }),
    })
    sink.on('file', ({ path, bytes }: SnapshotReport) => tell(`${path}: ${formatBytes(bytes)}`))
    sink.on('snapshot-failed', ({ error }: SnapshotFailure) => tell(error.message))
    return filesOutlet('snapshots', sink, () =>
      sink.failedSnapshots === 0 ? [] : [`${formatCount(sink.failedSnapshots, 'keyframe')} gave no picture`],
    )
  },
}
