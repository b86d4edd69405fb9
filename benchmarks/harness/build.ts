import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const run = promisify(execFile)

/** The library and the benchmarks as plain JavaScript: what is measured is what `npm run build` would give to users. */
export type Build = {
  /** The file:// URL of a compiled module; `path` is the source's, from the repository's root. */
  url(path: string): string
}

/** The build that this very module is of: a contender's own, where it starts a service of the same library. */
export const OWN_BUILD: Build = {
  url: path => new URL(`../../${path.replace(/\.ts$/, '.js')}`, import.meta.url).href,
}

/** Compiles this tree; or the `lib/` of another commit, with this tree's benchmarks. */
export async function buildTree(revision?: string): Promise<Build & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'getmedia-bench-build-'))
  try {
    const source = revision === undefined ? ROOT : await checkOut(revision, join(directory, 'source'))
    await compile(source, directory)
  } catch (error) {
    await rm(directory, { recursive: true })
    throw error
  }
  return {
    url: path => pathToFileURL(join(directory, 'out', path.replace(/\.ts$/, '.js'))).href,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  }
}

/** By `git archive`, which leaves nothing behind in the repository. */
async function checkOut(revision: string, directory: string): Promise<string> {
  await mkdir(directory)
  const tar = join(directory, 'lib.tar')
  await run('git', ['archive', '--output', tar, revision, 'lib'], { cwd: ROOT })
  await run('tar', ['-xf', tar], { cwd: directory })
  for (const part of ['benchmarks', 'spec/support']) {
    await cp(join(ROOT, part), join(directory, part), { recursive: true })
  }
  await cp(join(ROOT, 'package.json'), join(directory, 'package.json'))
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
  return directory
}

async function compile(source: string, directory: string): Promise<void> {
  const outDir = join(directory, 'out')
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      // `npm run types` checks them. Another commit's library need not fit these benchmarks' types.
      noCheck: true,
      rootDir: source,
      outDir,
      typeRoots: [join(ROOT, 'node_modules/@types')],
    },
    include: ['lib', 'benchmarks', 'spec/support'].map(part => join(source, part)),
  }
  const file = join(directory, 'tsconfig.json')
  await writeFile(file, JSON.stringify(config))
  await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', file])
  await writeFile(join(outDir, 'package.json'), '{"type":"module"}')
  await symlink(join(ROOT, 'node_modules'), join(outDir, 'node_modules'))
}
