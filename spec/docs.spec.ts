import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Emulator, startEmulator } from '../lib/emulator/index.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const clip = join(root, 'lib/cli/demo/camera.mkv')
const examples = join(root, 'docs/examples')
const pages = [
  'README.md',
  ...(await readdir(join(root, 'docs'))).filter(name => name.endsWith('.md')).map(name => `docs/${name}`),
]
const sources = new Map<string, string>()
for (const name of await readdir(examples)) sources.set(name, await readFile(join(examples, name), 'utf8'))

/** A block of TypeScript in a page, and the text block behind it that tells what it prints. */
type Example = { readonly page: string; readonly code: string; readonly prints: string | undefined }

async function examplesOf(page: string): Promise<Example[]> {
  const text = await readFile(join(root, page), 'utf8')
  const blocks = text.matchAll(
    /```ts\n([\s\S]*?)```\n(?:(?:\n|[^\n`#|][^\n]*\n){0,3}\n?```text\n([\s\S]*?)```)?/g,
  )
  return Array.from(blocks, ([, code = '', prints]) => ({ page, code, prints }))
}

const shown = (await Promise.all(pages.map(examplesOf))).flat()

describe('the pages', () => {
  it('show no code but the examples, word for word', () => {
    const known = new Set(sources.values())
    const strangers = shown
      .filter(({ code }) => !known.has(code))
      .map(({ page, code }) => `${page}: ${code.slice(0, 80)}`)
    assert.deepEqual(strangers, [])
  })

  it('show every example', () => {
    const codes = new Set(shown.map(({ code }) => code))
    const unused = [...sources].filter(([, code]) => !codes.has(code)).map(([name]) => name)
    assert.deepEqual(unused, [])
  })

  it('link only to pages and headings that are there', async () => {
    const broken: string[] = []
    for (const page of pages) {
      const text = await readFile(join(root, page), 'utf8')
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
        if (!(await isThere(page, target))) broken.push(`${page}: ${target}`)
      }
    }
    assert.deepEqual(broken, [])
  })
})

describe('the examples run, and print what their page says', () => {
  let emulator: Emulator
  let directory: string

  before(async () => {
    emulator = await startEmulator({ limits: 'off', idleEndMs: 100 })
    await emulator.addStream({ name: 'door', source: clip })
    directory = await mkdtemp(join(tmpdir(), 'getmedia-examples-'))
    await copyFile(clip, join(directory, 'camera.mkv'))
  })

  after(async () => {
    await emulator.close()
    await rm(directory, { recursive: true })
  })

  for (const [name, code] of sources) {
    it(name, async () => {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--import', fileURLToPath(import.meta.resolve('tsx')), join(examples, name)],
        { cwd: directory, env: environment(emulator.url) },
      )
      const expected = shown.find(example => example.code === code && example.prints !== undefined)?.prints
      if (expected === undefined) assert.notEqual(stdout, '')
      else assert.equal(stdout, expected)
    })
  }
})

function environment(url: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    TSX_TSCONFIG_PATH: join(root, 'tsconfig.json'),
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  }
}

async function isThere(page: string, target: string): Promise<boolean> {
  const [path = '', heading] = target.split('#')
  const file = path === '' ? page : join(dirname(page), path)
  const text = await readFile(join(root, file), 'utf8').catch(() => undefined)
  if (text === undefined) return false
  return heading === undefined || headings(text).includes(heading)
}

function headings(text: string): string[] {
  return Array.from(text.matchAll(/^#+ (.+)$/gm), ([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  )
}
