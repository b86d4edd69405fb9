import { parseSync, Visitor } from 'oxc-parser'

/** A piece of text that people read, and the line of the file that it begins on. */
export type Passage = { readonly line: number; readonly text: string; readonly kind: 'prose' | 'name' }

/** The comments, the strings and the declared names of a TypeScript or JavaScript file. */
export function sourcePassages(path: string, source: string): Passage[] {
  const { program, comments, errors } = parseSync(path, source)
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]!.message}`)
  const lineOf = lineFinder(source)
  const passages: Passage[] = comments.map(({ value, start }) => ({
    line: lineOf(start),
    text: commentText(value),
    kind: 'prose',
  }))
  const addProse = (start: number, text: string) => {
    // A string without a space is a name, a code or a path.
    if (text.includes(' ')) passages.push({ line: lineOf(start), text: joinLines(text), kind: 'prose' })
  }
  const names = new Set<string>()
  new Visitor({
    Literal({ value, start }) {
      if (typeof value === 'string') addProse(start, value)
    },
    TemplateElement({ value, start }) {
      addProse(start, value.cooked ?? value.raw)
    },
    Identifier({ name, start }) {
      if (names.has(name)) return
      names.add(name)
      passages.push({ line: lineOf(start), text: name, kind: 'name' })
    },
  }).visit(program)
  return passages
}

/** The paragraphs of a Markdown page, without its code. */
export function markdownPassages(source: string): Passage[] {
  const passages: Passage[] = []
  let isCode = false
  let paragraph: { line: number; lines: string[] } | undefined
  const close = () => {
    if (paragraph !== undefined)
      passages.push({ line: paragraph.line, text: joinLines(paragraph.lines.join('\n')), kind: 'prose' })
    paragraph = undefined
  }
  for (const [index, line] of source.split('\n').entries()) {
    const isFence = line.trimStart().startsWith('```')
    if (isFence) isCode = !isCode
    if (isFence || isCode || line.trim() === '') close()
    else if (/^\s*(?:#|[-*] |\||\d+\. )/.test(line)) {
      close()
      // A heading may be a noun clause: "What getmedia costs, compared with its limits".
      if (!line.startsWith('#'))
        paragraph = { line: index + 1, lines: [line.replace(/^\s*(?:[-*] |\|\s*|\d+\. )/, '')] }
    } else if (paragraph === undefined) paragraph = { line: index + 1, lines: [line] }
    else paragraph.lines.push(line)
  }
  close()
  return passages.map(passage => ({ ...passage, text: passage.text.replace(/`[^`]*`/g, '`…`') }))
}

/** A comment without its stars, in one line. */
function commentText(value: string): string {
  const text = value.replace(/^\*+/, '').replace(/^\s*\*/gm, '')
  return joinLines(text).replace(/`[^`]*`/g, '`…`')
}

function joinLines(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function lineFinder(source: string): (offset: number) => number {
  const starts = [0]
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1)
  return offset => {
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle
    }
    return low + 1
  }
}
