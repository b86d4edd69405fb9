import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { allowanceFor, compareWithAllowance } from './allowance.ts'
import { checkProse } from './check-prose.ts'

const found = (path: string, source: string) => checkProse(path, source).map(finding => finding.found)

describe('the prose check', () => {
  it('finds phrases to avoid in comments, strings and templates, each with its line', () => {
    const source = [
      '/** What comes now goes straight to the engine. */',
      "throw new Error('the media is not to be had')",
      'const text = `waits for ' + '$' + '{n} ms behind the cluster`',
      '// Bytes are paused until the consumer asks.',
    ].join('\n')
    assert.deepEqual(
      checkProse('lib/a.ts', source).map(({ line, found }) => [line, found]),
      [
        [1, 'What comes now goes straight to the engine'],
        [2, 'to be had'],
        [3, 'behind the'],
      ],
    )
  })

  it('finds a sentence that begins so in the middle of a comment, and leaves questions alone', () => {
    assert.deepEqual(found('a.ts', '// Reads tags. Who comes too early waits.'), [
      '. Who comes too early waits',
    ])
    assert.deepEqual(found('a.ts', '// What is the offset of the next cluster? Read it from the index.'), [])
  })

  it('finds names of limits and metaphors, once for each file', () => {
    assert.deepEqual(found('a.ts', 'const MOST_BYTES = 1\nclass WriterLane {}\nnew WriterLane(MOST_BYTES)'), [
      'MOST_BYTES',
      'Lane',
    ])
    assert.deepEqual(found('a.ts', 'const MAX_FRAME_BYTES = 1, navigate = 2, investigate = 3'), [])
  })

  it('reads code as code: words in identifiers, keywords and short strings are no prose', () => {
    assert.deepEqual(found('a.ts', "const anew = under.way; emit('behind')"), [])
  })

  it('reads the paragraphs and table cells of Markdown, and neither its code nor its headings', () => {
    const page = [
      '# What it costs',
      '',
      'The page says so many',
      'things.',
      '',
      '```ts',
      '// What is behind the fence',
      '```',
      '| Who waits | `behind the` |',
    ].join('\n')
    assert.deepEqual(
      checkProse('docs/a.md', page).map(({ line, found }) => [line, found]),
      [
        [3, 'so many'],
        [9, 'Who waits | `…` |'],
      ],
    )
  })

  it('refuses a file that does not parse rather than pass it', () => {
    assert.throws(() => checkProse('a.ts', 'const = 1'), /a\.ts does not parse/)
  })
})

describe('the allowance of phrases', () => {
  const findings = checkProse('a.ts', '// Reads anew, under way.')

  it('lets a file have as many as it had', () => {
    assert.deepEqual(compareWithAllowance(findings, allowanceFor(findings)), [])
  })

  it('fails for one more, with the place of each and what to write', () => {
    const [first = '', second = '', last = ''] = compareWithAllowance(findings, { 'a.ts': 1 })
    assert.match(first, /^a\.ts:1: .*(?:again|in progress)/)
    assert.match(second, /^a\.ts:1: /)
    assert.match(last, /2 phrases to avoid; 1 are allowed/)
  })

  it('fails for a file that it does not name', () => {
    assert.match(compareWithAllowance(findings, {}).at(-1) ?? '', /0 are allowed/)
  })

  it('fails for one fewer, so that it is lowered', () => {
    assert.match(compareWithAllowance([], { 'a.ts': 1 })[0] ?? '', /lower the allowance/)
  })
})
