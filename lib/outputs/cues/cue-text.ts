import type { AssFields, Cue } from './cue.ts'
import type { ParsedText } from './subtitle-reader.ts'
import type { TextCodec } from './text-codecs.ts'

/** What the bytes of a frame say, apart from when and where. */
export type CueText = Pick<Cue, 'text' | 'identifier' | 'settings' | 'ass'>

/** `parsed` is what the parser made of a frame's text, `data` the text itself, for what the parser leaves out. */
export function cueText(codec: TextCodec, parsed: ParsedText, data: Uint8Array): CueText {
  switch (codec) {
    case 'ass':
    case 'ssa':
      return assText(parsed, data)
    case 'webvtt-block':
    case 'data':
      return webvttBlock(parsed.text)
    default:
      return { text: parsed.text }
  }
}

/** Not by a pattern: one would look at each run of such characters again from each of them. */
function withoutEnd(text: string, characters: string): string {
  let end = text.length
  while (end > 0 && characters.includes(text[end - 1]!)) end--
  return text.slice(0, end)
}

const COMMAS_OF_AN_EVENT = 8

function assText(parsed: ParsedText, data: Uint8Array): CueText {
  // The parser finds no text where fields are missing; what is there is more than nothing.
  const whole = Buffer.from(data.buffer, data.byteOffset, data.length).toString()
  const commas = whole.split(',', COMMAS_OF_AN_EVENT + 1).length - 1
  if (commas < COMMAS_OF_AN_EVENT) return { text: whole }
  return { text: parsed.text, ass: assFields(parsed, whole) }
}

function assFields(parsed: ParsedText, whole: string): AssFields {
  const { layer, style = '', name = '', marginL, marginR, marginV, effect = '' } = parsed
  return {
    // Left out by the parser.
    readOrder: integer(whole.slice(0, whole.indexOf(','))),
    layer: integer(layer),
    style,
    name,
    marginL: integer(marginL),
    marginR: integer(marginR),
    marginV: integer(marginV),
    effect,
  }
}

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*[+-]?\d{1,15}\s*$/.test(text) ? Number(text) : undefined
}

/** Identifier, settings, and the text, whose last line may be ended. The parser gives it whole. */
function webvttBlock(block: string): CueText {
  const parts = /^([^\r\n]*)(?:\r\n|\r|\n)([^\r\n]*)(?:\r\n|\r|\n)([\s\S]*)$/.exec(block)
  if (parts === null) return { text: block }
  const [, identifier = '', settings = '', text = ''] = parts
  return {
    text: withoutEnd(text, '\r\n'),
    ...(identifier === '' ? {} : { identifier }),
    ...(settings === '' ? {} : { settings }),
  }
}
