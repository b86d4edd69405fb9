import type { Cue } from './cue.ts'
import type { TextCodec } from './text-codecs.ts'

/** A cue with an end, for a file of text. */
export type EndedCue = { readonly cue: Cue; readonly codec: TextCodec; readonly endMs: number }

/** A format of text for cues; a file is its head and then its cues. */
export type CueFile = {
  readonly head: (startedAt: Date | null) => string
  /** `index` counts from 1. */
  readonly cue: (cue: EndedCue, index: number) => string
}

/** Text that a cue of a file can hold: no NUL, and no empty line, at which the cue would end. */
export function cueLines(text: string): string {
  return text
    .replaceAll('\0', '')
    .split(/\r\n|\r|\n/)
    .filter(line => line.trim() !== '')
    .join('\n')
}
