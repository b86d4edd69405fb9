import { type ElementaryFormat, ElementaryStream } from '../../../index.ts'
import { formatCount } from '../../terminal/format.ts'
import { bytesOutlet } from '../outlets.ts'
import type { OutputKind } from '../output-kind.ts'

type Flag = 'h264' | 'h265' | 'aac' | 'pcm'

/** The bare frames of one track, for decoders, players and speech services that want no container. */
function elementaryOutput(name: Flag, format: ElementaryFormat, what: string): OutputKind {
  return {
    name,
    addFlags: command => command.option(`--${name} <file>`, what),
    target: flags => flags[name],
    toStandardOutput: true,
    open: ({ [name]: target = '-', track }, tell) => {
      const stage = new ElementaryStream({ format, ...(track === undefined ? {} : { track }) })
      const missing = () =>
        stage.skippedFrames === 0
          ? []
          : [`left out ${formatCount(stage.skippedFrames, 'frame')} before the first keyframe`]
      return bytesOutlet(name, stage, target, tell, { missing })
    },
  }
}

export const elementaryOutputs: readonly OutputKind[] = [
  elementaryOutput('h264', 'h264', 'the video alone, as H.264 in Annex B'),
  elementaryOutput('h265', 'h265', 'the video alone, as H.265 in Annex B'),
  elementaryOutput('aac', 'adts', 'the audio alone, as AAC in ADTS'),
  elementaryOutput('pcm', 'pcm', 'the audio alone, as samples of PCM or G.711'),
]
