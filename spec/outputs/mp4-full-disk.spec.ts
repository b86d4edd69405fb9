import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { requires } from '../support/requirements.ts'
import { decodeMessages, packetsOf, run, scratch } from './media.ts'

/** What is left of MP4 and HLS when no more can be written: a process here may write files of so many bytes and no larger. */
const ROOM_BYTES = 4 * 1024 * 1024
const COMMAND = fileURLToPath(new URL('convert-process.ts', import.meta.url))

/** Some 20 s of a picture that does not compress, with sound. */
async function film(path: string): Promise<void> {
  const inputs = ['-f', 'lavfi', '-i', 'nullsrc=s=320x240:r=25:d=20,geq=random(1)*255:128:128']
  const tone = ['-f', 'lavfi', '-i', 'sine=440:r=48000:d=20', '-c:a', 'aac']
  const codec = ['-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', '6M', '-g', '25', '-bf', '0']
  await run('ffmpeg', ['-v', 'error', ...inputs, ...tone, ...codec, path])
}

/** The exit code and the messages of `getmedia convert`. */
async function convert(args: readonly string[]): Promise<[exitCode: unknown, stderr: string]> {
  const shell = `ulimit -f ${ROOM_BYTES / 512}; exec "$@"`
  const words = ['-c', shell, 'sh', process.execPath, '--import', 'tsx', COMMAND, ...args]
  return await new Promise(resolve =>
    execFile('sh', words, (error, _stdout, stderr) => resolve([error?.code ?? 0, stderr])),
  )
}

describe('when a file can take no more', requires('ffmpeg'), () => {
  it('an MP4 file ends with the last frame that there was room for, and plays', async () => {
    await using directory = await scratch()
    await film(directory.file('film.mkv'))
    const path = directory.file('film.mp4')
    const [exitCode, stderr] = await convert([directory.file('film.mkv'), '--mp4', path])
    assert.equal(exitCode, 1)
    assert.match(stderr, /^getmedia: --mp4: EFBIG: /m)
    assert.deepEqual((await readdir(directory.path)).sort(), ['film.mkv', 'film.mp4'])
    const [kept, whole] = [await packetsOf(path), await packetsOf(directory.file('film.mkv'))]
    assert.ok(kept.packets.length > 100, `${kept.packets.length} packets`)
    for (const track of ['0', '1']) {
      const hashes = ({ packets }: typeof kept) =>
        packets.filter(each => each.track === track).map(each => each.md5)
      assert.deepEqual(hashes(kept), hashes(whole).slice(0, hashes(kept).length))
    }
    assert.equal(await decodeMessages(path), '')
  })

  it('an HLS segment ends with its last whole movie fragment, and the playlist plays', async () => {
    await using directory = await scratch()
    await film(directory.file('film.mkv'))
    const hls = directory.file('hls')
    const [exitCode, stderr] = await convert([
      directory.file('film.mkv'),
      '--hls',
      hls,
      '--hls-segment',
      '60s',
    ])
    assert.equal(exitCode, 1)
    assert.match(stderr, /^getmedia: --hls: EFBIG: /m)
    assert.deepEqual(
      (await readdir(hls)).filter(name => name.startsWith('.')),
      [],
    )
    const playlist = directory.file('hls/index.m3u8')
    assert.match(await readFile(playlist, 'utf8'), /#EXT-X-ENDLIST\n$/)
    assert.ok((await packetsOf(playlist)).packets.length > 100)
    assert.equal(await decodeMessages(playlist), '')
  })

  it('another output goes on to its end', async () => {
    await using directory = await scratch()
    await film(directory.file('film.mkv'))
    const outputs = ['--mp4', directory.file('film.mp4'), '--tags', directory.file('tags.jsonl')]
    const [exitCode] = await convert([directory.file('film.mkv'), ...outputs])
    const [row] = (await readFile(directory.file('tags.jsonl'), 'utf8')).split('\n')
    const all = (await packetsOf(directory.file('film.mkv'))).packets.length
    assert.deepEqual([exitCode, JSON.parse(row!).frames], [1, all])
  })
})

describe('where nothing can be written', () => {
  for (const [name, flag] of [
    ['MP4', '--mp4'],
    ['fragmented MP4', '--fragmented --mp4'],
    ['HLS', '--hls'],
  ] as const) {
    it(`${name} fails with the file system’s error and the name of the flag`, async () => {
      await using directory = await scratch()
      await writeFile(directory.file('file'), '')
      await mkdir(directory.file('here'))
      const clip = fileURLToPath(new URL('../../lib/cli/demo/camera.mkv', import.meta.url))
      const [exitCode, stderr] = await convert([clip, ...flag.split(' '), directory.file('file/out')])
      assert.equal(exitCode, 1)
      assert.match(stderr, /^getmedia: --(mp4|hls): E(NOTDIR|EXIST): .*\n$/)
    })
  }
})
