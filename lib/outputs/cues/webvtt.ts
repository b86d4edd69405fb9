import type { Cue } from './cue.ts'
import { type CueFile, cueLines } from './cue-file.ts'
import { cueTime } from './cue-time.ts'
import type { TextCodec } from './text-codecs.ts'

/** WebVTT (W3C), with a note of the wall-clock time at which it begins. */
export const WEBVTT: CueFile = {
  head: startedAt =>
    startedAt === null
      ? 'WEBVTT\n\n'
      : `WEBVTT\n\nNOTE\n${cueTime(0, '.')} is ${startedAt.toISOString()}\n\n`,
  cue: ({ cue, codec, endMs }) => {
    const times = [`${cueTime(cue.startMs, '.')} --> ${cueTime(endMs, '.')}`, ...settingsOf(cue)].join(' ')
    return [...identifierOf(cue), times, webvttText(cue, codec), '\n'].join('\n')
  },
}

/** A cue's identifier is a line; many parsers take one with the name of a block for such a block. */
function identifierOf({ identifier = '' }: Cue): string[] {
  const line = cueLines(identifier).replaceAll('-->', '')
  const isBlock = /^(?:WEBVTT|NOTE|STYLE|REGION)/.test(line)
  return line === '' || isBlock ? [] : [line]
}

function settingsOf({ settings = '' }: Cue): string[] {
  const line = cueLines(settings).replaceAll('-->', '').trim()
  return line === '' ? [] : [line]
}

function webvttText({ text, plainText }: Cue, codec: TextCodec): string {
  if (codec === 'webvtt' || codec === 'webvtt-block') return cueLines(text).replaceAll('-->', '--&gt;')
  return cueLines(codec === 'srt' ? srtAsWebvtt(text) : escaped(plainText))
}

/** Of the tags of SRT, WebVTT has bold, italic and underlined; the others and the overrides of ASS are left out. */
function srtAsWebvtt(text: string): string {
  return text
    .replace(/<\/?(?:s|font)(?:\s[^<>]*)?>|\{\\[^{}]*\}/gi, '')
    .split(/(<\/?[biu]>)/i)
    .map(part => (/^<\/?[biu]>$/i.test(part) ? part.toLowerCase() : escaped(part)))
    .join('')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
