import type { TextCodec } from './text-codecs.ts'

/** A cue's text as people read it: markup taken off, character references replaced, lines ended by `\n`. */
export function plainText(codec: TextCodec, text: string): string {
  return lineEnds(MARKUP[codec](text)).replaceAll('\0', '').trim()
}

const MARKUP: Readonly<Record<TextCodec, (text: string) => string>> = {
  srt: withoutSrtMarkup,
  ass: withoutAssMarkup,
  ssa: withoutAssMarkup,
  webvtt: withoutWebvttMarkup,
  'webvtt-block': withoutWebvttMarkup,
  data: text => text,
}

export function lineEnds(text: string): string {
  return text.replace(/\r\n?/g, '\n')
}

/** The tags that players of SRT know, and the overrides of ASS such as `{\an8}` that many files have. */
const SRT_TAG = /<\/?(?:b|i|u|s|font)(?:\s[^<>]*)?>/gi
const SRT_OVERRIDE = /\{\\[^{}]*\}/g

function withoutSrtMarkup(text: string): string {
  return text.replace(SRT_TAG, '').replace(SRT_OVERRIDE, '')
}

/** Overrides and comments in braces, drawings after a `\p1`, and three escapes: line, soft line, hard space. */
function withoutAssMarkup(text: string): string {
  const [closed, rest] = splitBehind(text, '}')
  let isDrawing = false
  const shown = [...closed.split(/(\{[^}]*\})/), rest].map(part => {
    if (!part.startsWith('{') || !part.endsWith('}')) return isDrawing ? '' : part
    const scale = Array.from(part.matchAll(/\\p(\d+)/g), ([, digits]) => Number(digits)).at(-1)
    if (scale !== undefined) isDrawing = scale > 0
    return ''
  })
  return shown
    .join('')
    .replace(/\\[Nn]/g, '\n')
    .replaceAll('\\h', '\u00a0')
}

/** Text up to the last `mark`, and the rest: where an end is sure to come, a pattern does not look for it in vain. */
function splitBehind(text: string, mark: string): [closed: string, rest: string] {
  const end = text.lastIndexOf(mark) + 1
  return [text.slice(0, end), text.slice(end)]
}

const WEBVTT_REFERENCES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  nbsp: '\u00a0',
  lrm: '\u200e',
  rlm: '\u200f',
}

function withoutWebvttMarkup(text: string): string {
  const [closed, rest] = splitBehind(text, '>')
  return (closed.replace(/<[^>]*>/g, '') + rest).replace(
    /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(\w+));/g,
    (whole, decimal, hex, name) => {
      if (name !== undefined) return Object.hasOwn(WEBVTT_REFERENCES, name) ? WEBVTT_REFERENCES[name]! : whole
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
      const isCharacter = code > 0 && code <= 0x10_ff_ff && (code < 0xd8_00 || code > 0xdf_ff)
      return isCharacter ? String.fromCodePoint(code) : whole
    },
  )
}
