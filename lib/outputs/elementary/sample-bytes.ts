import type { FragmentFrame } from '../../get-media/events.ts'
import type { FrameWriter } from './frame-writer.ts'

/** PCM and G.711: the samples as they came. */
export class SampleBytes implements FrameWriter {
  readonly problem = 'no frames'

  setTrack(): void {}

  write({ data }: FragmentFrame): Uint8Array {
    return data
  }
}
