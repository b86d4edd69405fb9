import type { OutputKind } from '../output-kind.ts'
import { cuesOutput } from './cues.ts'
import { elementaryOutputs } from './elementary.ts'
import { hlsOutput } from './hls.ts'
import { mkvOutput } from './mkv.ts'
import { mp4Output } from './mp4.ts'
import { snapshotsOutput } from './snapshots.ts'
import { tagsOutput } from './tags.ts'
import { wavOutput } from './wav.ts'

/** Every output of `get` and `convert`, in the order of their help. */
export const OUTPUT_KINDS: readonly OutputKind[] = [
  mkvOutput,
  mp4Output,
  hlsOutput,
  wavOutput,
  ...elementaryOutputs,
  cuesOutput,
  snapshotsOutput,
  tagsOutput,
]
