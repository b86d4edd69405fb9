import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { run } from '../outputs/media.ts'
import { requires } from '../support/requirements.ts'
import { framesOf } from './read-mkv.ts'

const SOURCE = "aevalsrc='0.4*sin(2764*t)+0.3*sin(9000*t*t)|0.3*sin(1885*t)':d=3"
/** ffmpeg's packet times of the source, and mkvmerge's block times, are rounded. */
const MAX_ERROR_MS = 1.1

/** Milliseconds from the first packet, as ffprobe has them. */
async function packetTimes(path: string): Promise<number[]> {
  const { stdout } = await run('ffprobe', [
    '-v',
    'error',
    '-show_entries',
    'packet=pts',
    '-show_entries',
    'stream=time_base',
    '-of',
    'json',
    path,
  ])
  const { packets, streams } = JSON.parse(stdout) as {
    packets: { pts?: number }[]
    streams: { time_base: string }[]
  }
  const [num, den] = streams[0]!.time_base.split('/').map(Number)
  const times = packets.flatMap(({ pts }) => (pts === undefined ? [] : [(pts * 1000 * num!) / den!]))
  return times.map(ms => ms - times[0]!)
}

/** Makes the first DefaultDuration a Void of the same length. */
function withoutDefaultDuration(bytes: Buffer): Buffer {
  const at = bytes.indexOf(Buffer.from('23e383', 'hex'))
  if (at === -1) return bytes
  const dataBytes = bytes[at + 3]! & 0x7f
  bytes[at] = 0xec
  bytes[at + 1] = 0x80 | (dataBytes + 2)
  return bytes
}

describe(
  'frames that mkvmerge has laced, of a track without a DefaultDuration',
  requires('ffmpeg', 'ffprobe', 'mkvmerge'),
  () => {
    const sources: [name: string, file: string, encode: string[]][] = [
      ...[2.5, 5, 10, 20, 40, 60].map((ms): [string, string, string[]] => [
        `Opus of ${ms} ms`,
        'a.ogg',
        ['-ar', '48000', '-c:a', 'libopus', '-frame_duration', String(ms)],
      ]),
      ['Vorbis', 'a.ogg', ['-ar', '48000', '-c:a', 'libvorbis']],
      ['AC-3', 'a.ac3', ['-ar', '48000', '-c:a', 'ac3']],
      ['E-AC-3', 'a.eac3', ['-ar', '48000', '-c:a', 'eac3']],
      ['MP3', 'a.mp3', ['-ar', '44100', '-c:a', 'libmp3lame']],
      ['MP3 of a low rate', 'a.mp3', ['-ar', '22050', '-c:a', 'libmp3lame']],
      ['MP2', 'a.mp2', ['-ar', '48000', '-c:a', 'mp2']],
      ['DTS', 'a.dts', ['-ar', '48000', '-strict', '-2', '-c:a', 'dca']],
      ['FLAC', 'a.flac', ['-ar', '44100', '-c:a', 'flac']],
      ['AAC', 'a.m4a', ['-ar', '44100', '-c:a', 'aac']],
    ]
    for (const [name, file, encode] of sources) {
      it(`have the times that they have in a file of their own: ${name}`, async () => {
        const directory = await mkdtemp(join(tmpdir(), 'getmedia-laces-'))
        try {
          const [source, laced] = [join(directory, file), join(directory, 'laced.mka')]
          await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', SOURCE, ...encode, source])
          await run('mkvmerge', ['--quiet', '--output', laced, source])
          const frames = framesOf(withoutDefaultDuration(await readFile(laced)))
          const expected = await packetTimes(source)
          assert.ok(frames.some(({ laceIndex }) => laceIndex > 1))
          // A file's first or last packet may hold no sound, and ffprobe leaves it out.
          const found = frames
            .slice(0, expected.length)
            .map(({ timestampMs }) => timestampMs - frames[0]!.timestampMs)
          assert.ok(expected.length > frames.length - 2)
          const wrong = found.findIndex(
            (ms, index) => Math.abs(ms - expected[index]!) > (name === 'Vorbis' ? 2 : 1) * MAX_ERROR_MS,
          )
          assert.equal(wrong, -1, `packet ${wrong} at ${found[wrong]} ms and not at ${expected[wrong]}`)
        } finally {
          await rm(directory, { recursive: true })
        }
      })
    }
  },
)
