import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, stat, watch } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { MkvFileSink } from '../../lib/outputs/mkv/mkv-file-sink.ts'
import { CLIP } from '../support/fault-run.ts'
import { requires } from '../support/requirements.ts'
import { type CallOptions, callFragments, expectedSamples, type Speaker } from './call-builder.ts'
import { decodeMessages, eventsOf, framesOf, packetsOf, run, scratch } from './media.ts'

const CLUSTER_ID = Buffer.from('1f43b675', 'hex')

/**
 * Gives a payload to a process that writes an output, without an end, and kills it when the file has so many bytes.
 * Gives the path of what it left.
 */
async function leftBy(kind: string, directory: string, payload: Uint8Array, bytes: number): Promise<string> {
  const changes = watch(directory)
  const program = fileURLToPath(new URL('write-output.ts', import.meta.url))
  const recorder = spawn(process.execPath, ['--import', 'tsx', program, kind, directory], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  // The pipe breaks with the kill.
  recorder.stdin.on('error', () => {}).write(payload)
  for await (const { filename } of changes) {
    if (filename !== null && (await stat(`${directory}/${filename}`)).size >= bytes) break
  }
  recorder.kill('SIGKILL')
  const [code, signal] = await once(recorder, 'exit')
  const left = await readdir(directory)
  assert.deepEqual([code, signal, left.length], [null, 'SIGKILL', 1])
  assert.match(left[0]!, new RegExp(`^\\..*\\.${recorder.pid}-1\\.part$`))
  return `${directory}/${left[0]}`
}

describe('a process that is killed', () => {
  const tools = requires('ffmpeg', 'mkvmerge')
  it(
    'leaves a Matroska file that ffmpeg and mkvmerge play up to there, and none under its name',
    tools,
    async () => {
      await using directory = await scratch()
      await using whole = await scratch()
      // A cluster is in the file when the next one begins.
      const path = whole.file('door.mkv')
      await pipeline(Readable.from(await eventsOf(await readFile(CLIP))), new MkvFileSink({ path }))
      const inFile = (await readFile(path)).lastIndexOf(CLUSTER_ID)
      const part = await leftBy('mkv', directory.path, await readFile(CLIP), inFile)
      const frames = framesOf((await readFile(path)).subarray(0, inFile)).length
      const { packets, messages } = await packetsOf(part)
      const sent = (await packetsOf(CLIP)).packets.slice(0, frames)
      assert.ok(frames > 400, `${frames} frames`)
      assert.deepEqual([packets, messages], [sent, ''])
      assert.equal(await decodeMessages(part), '')
      await run('mkvmerge', ['-q', '-o', whole.file('again.mkv'), part])
      const again = await packetsOf(whole.file('again.mkv'))
      assert.deepEqual(again.packets.map(({ md5 }) => md5).sort(), sent.map(({ md5 }) => md5).sort())
    },
  )

  it('leaves a WAV file that ffmpeg plays up to there', requires('ffmpeg'), async () => {
    await using directory = await scratch()
    const call: CallOptions = { seconds: 40, isLost: second => second === 3 }
    const part = await leftBy('wav', directory.path, Buffer.concat([...callFragments(call)]), 700_000)
    await using decoded = await scratch()
    const raw = decoded.file('raw')
    await run('ffmpeg', ['-v', 'error', '-i', part, '-f', 's16le', raw])
    const bytes = await readFile(raw)
    const samples = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
    const speakers: Speaker[] = ['AUDIO_FROM_CUSTOMER', 'AUDIO_TO_CUSTOMER']
    const expected = speakers.map(speaker => expectedSamples(speaker, call))
    assert.ok(samples.length >= 340_000, `${samples.length} samples`)
    assert.equal(
      samples.findIndex((sample, at) => sample !== expected[at % 2]![at >> 1]),
      -1,
    )
  })
})
