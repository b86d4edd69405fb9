import type { Cue } from './cue.ts'
import { type CueFile, cueLines } from './cue-file.ts'
import { cueTime } from './cue-time.ts'
import type { TextCodec } from './text-codecs.ts'

/** SubRip, which no standard describes: a number, the times, the lines, an empty line. */
export const SRT: CueFile = {
  head: () => '',
  cue: ({ cue, codec, endMs }, index) =>
    `${index}\n${cueTime(cue.startMs, ',')} --> ${cueTime(endMs, ',')}\n${srtText(cue, codec)}\n\n`,
}

/** There is no way to write an arrow that is none: it is parted. */
function srtText({ text, plainText }: Cue, codec: TextCodec): string {
  return cueLines(codec === 'srt' ? text : plainText).replaceAll('-->', '-- >')
}
