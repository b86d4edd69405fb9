import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))

const CONSUMER = `import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { getMedia, MkvChunkDemuxer, OptionError, TagExtractor, type FragmentEvent } from 'getmedia'
import { startEmulator } from 'getmedia/emulator'
import { ELEMENT_IDS, MkvReader } from 'getmedia/mkv'

const emulator = await startEmulator({ idleEndMs: 50 })
await emulator.addStream({ name: 'door', source: process.argv[2]! })
const stream = getMedia({
  streamName: 'door', region: 'us-east-1', controlEndpoint: emulator.url, until: 'caught-up',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, startSelector: { type: 'NOW' },
})
let bytes = 0
for await (const event of stream) if (event.type === 'frame') bytes += event.data.length
await emulator.close()
let frames = 0
await pipeline(createReadStream(process.argv[2]!), new MkvChunkDemuxer(), new TagExtractor(), async (events: AsyncIterable<FragmentEvent>) => {
  for await (const event of events) if (event.type === 'frame') frames++
})
console.log(bytes > 0, frames, new MkvReader().next(), ELEMENT_IDS.Segment === 0x18538067, OptionError.name)
`

/** All that is installed here but what the package leaves to its users. */
async function linkModules(directory: string): Promise<void> {
  const { peerDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    peerDependencies: Record<string, string>
  }
  await mkdir(directory)
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (!(name in peerDependencies)) await symlink(join(root, 'node_modules', name), join(directory, name))
  }
}

describe('the package, packed and installed without what is optional', () => {
  let directory: string
  const clip = join(root, 'lib/cli/demo/camera.mkv')

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'getmedia-package-'))
    await run('npm', ['run', 'build'], { cwd: root })
    const { stdout } = await run(
      'npm',
      ['pack', '--ignore-scripts', '--json', '--pack-destination', directory],
      { cwd: root },
    )
    const tarball = (JSON.parse(stdout) as { filename: string }[])[0]!.filename
    await run('tar', ['-xzf', tarball], { cwd: directory })
    await linkModules(join(directory, 'package/node_modules'))
    await mkdir(join(directory, 'node_modules/@types'), { recursive: true })
    await symlink(join(directory, 'package'), join(directory, 'node_modules/getmedia'))
    await symlink(join(root, 'node_modules/@types/node'), join(directory, 'node_modules/@types/node'))
    await writeFile(join(directory, 'package.json'), '{ "type": "module" }')
    await writeFile(join(directory, 'consumer.ts'), CONSUMER)
    const compilerOptions = { module: 'nodenext', target: 'es2023', strict: true, types: ['node'] }
    await writeFile(
      join(directory, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['consumer.ts'] }),
    )
  })

  after(() => rm(directory, { recursive: true }))

  it('compiles in a strict consumer, and runs there', async () => {
    await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', directory])
    const { stdout } = await run(process.execPath, [join(directory, 'consumer.js'), clip])
    assert.equal(stdout, 'true 521 undefined true OptionError\n')
  })

  it('brings the command', async () => {
    const bin = join(directory, 'package/lib/cli/getmedia.js')
    const { stdout } = await run(process.execPath, [bin, 'inspect', clip, '--json'])
    assert.equal(stdout.split('\n').length, 521 + 2 + 1)
  })

  it('says what to install for an output that needs more', async () => {
    const bin = join(directory, 'package/lib/cli/getmedia.js')
    const failed = run(process.execPath, [bin, 'convert', clip, '--mp4', join(directory, 'door.mp4')])
    await assert.rejects(failed, (error: Error & { code: number; stderr: string }) => {
      assert.equal(error.code, 1)
      assert.match(
        error.stderr,
        /the package "mediabunny" writes MP4, and is not there: npm install mediabunny/,
      )
      return true
    })
  })

  it('names no path of the machine that built it', async () => {
    const { stdout } = await run(
      'sh',
      ['-c', `grep -rlF "${root}" package --include=* --exclude-dir=node_modules || true`],
      {
        cwd: directory,
      },
    )
    assert.equal(stdout, '')
  })

  it('states its version where the command tells it', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
    const { stdout } = await run(process.execPath, [
      join(directory, 'package/lib/cli/getmedia.js'),
      '--version',
    ])
    assert.equal(stdout, `${version}\n`)
  })
})
