import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { callFragments, expectedSamples, HOUR, RATE, type Speaker } from './call-builder.ts'
import { scratch } from './media.ts'

const SPEAKERS: readonly Speaker[] = ['AUDIO_FROM_CUSTOMER', 'AUDIO_TO_CUSTOMER']
const HEADER_BYTES = 44
/** A tenth of the call's length. */
const MOST_CPU_SECONDS = 360
const MOST_BYTES = 150e6

/**
 * Records the hour in a process of its own, and says what that took. A shell starts it: a process counts among its own the
 * memory that its parent had, and this one holds whole calls.
 */
async function record(directory: string, layout: 'files' | 'stereo') {
  const program = fileURLToPath(new URL('record-call.ts', import.meta.url))
  const words = [process.execPath, '--import', 'tsx', program, directory, layout]
  const recorder = spawn('sh', ['-c', '"$@"; exit $?', 'sh', ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [told] = await Promise.all([
    text(recorder.stdout),
    pipeline(Readable.from(callFragments(HOUR)), recorder.stdin),
  ])
  return JSON.parse(told) as { peakBytes: number; cpuSeconds: number }
}

async function samplesOf(path: string): Promise<Int16Array> {
  const bytes = await readFile(path)
  assert.deepEqual([bytes.readUInt32LE(24), bytes.readUInt32LE(40)], [RATE, bytes.length - HEADER_BYTES])
  return new Int16Array(
    bytes.buffer.slice(bytes.byteOffset + HEADER_BYTES, bytes.byteOffset + bytes.byteLength),
  )
}

/** Where a channel differs first from what was said; it may be longer, by silence. */
function firstDifference(
  found: Int16Array,
  expected: Int16Array,
  channels = 1,
  channel = 0,
): string | undefined {
  const frames = found.length / channels
  for (let at = 0; at < Math.max(frames, expected.length); at++) {
    const sample = found[at * channels + channel]
    if (sample !== (expected[at] ?? 0)) return `sample ${at} is ${sample} and not ${expected[at]}`
  }
  return undefined
}

function assertCheap({ peakBytes, cpuSeconds }: { peakBytes: number; cpuSeconds: number }): void {
  assert.ok(peakBytes < MOST_BYTES, `it took ${Math.round(peakBytes / 1e6)} MB`)
  assert.ok(cpuSeconds < MOST_CPU_SECONDS, `it took ${Math.round(cpuSeconds)} s of CPU`)
}

describe('an hour of a call between two, through swapped tracks, losses and another call on the stream', () => {
  it('has every sample of each speaker where its timestamp says, in a file for each', async () => {
    await using directory = await scratch()
    const cost = await record(directory.path, 'files')
    const names = SPEAKERS.map(speaker => `contact-1-${speaker}.wav`)
    assert.deepEqual((await readdir(directory.path)).sort(), names)
    for (const [index, speaker] of SPEAKERS.entries()) {
      const found = await samplesOf(directory.file(names[index]!))
      const expected = expectedSamples(speaker, HOUR)
      assert.deepEqual([found.length, firstDifference(found, expected)], [expected.length, undefined])
    }
    assertCheap(cost)
  })

  it('has both speakers in step in one stereo file', async () => {
    await using directory = await scratch()
    const cost = await record(directory.path, 'stereo')
    assert.deepEqual(await readdir(directory.path), ['contact-1.wav'])
    const found = await samplesOf(directory.file('contact-1.wav'))
    const expected = SPEAKERS.map(speaker => expectedSamples(speaker, HOUR))
    assert.equal(found.length / 2, Math.max(...expected.map(({ length }) => length)))
    assert.deepEqual(
      expected.map((samples, channel) => firstDifference(found, samples, 2, channel)),
      [undefined, undefined],
    )
    assertCheap(cost)
  })
})
