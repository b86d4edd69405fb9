import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CLIP } from '../support/fault-run.ts'
import { fragment } from '../support/mkv-builder.ts'
import { type Requirement, requires } from '../support/requirements.ts'
import { type CallOptions, callFragments, expectedSamples, type Speaker } from './call-builder.ts'
import { countOf, decodeMessages, eventsOf, framesOf, readMkv, scratch } from './media.ts'

/** Less than any of the outputs here would be. */
const ROOM_BYTES = 256 * 1024

/** A place that takes no more than `ROOM_BYTES`, and how the system says so. */
type Place = {
  readonly name: string
  readonly code: string
  readonly needs: Requirement
  /** A shell's words that run the program in `"$@"` and leave what it wrote in `$DIRECTORY`; it writes to `$PLACE`. */
  readonly shell: string
}

const MOUNT = `mount -t tmpfs -o size=${ROOM_BYTES} none "$PLACE"`
const canMount = () => {
  const attempt = spawnSync('unshare', ['-rm', 'sh', '-c', MOUNT], { env: { ...process.env, PLACE: '/mnt' } })
  return attempt.status === 0 || process.env.GETMEDIA_SPECS_REQUIRE_ALL === '1'
}

const PLACES: readonly Place[] = [
  {
    name: 'a full disk',
    code: 'ENOSPC',
    needs: canMount() ? {} : { skip: 'a process may mount nothing here' },
    shell: `mkdir "$PLACE" && exec unshare -rm sh -c '${MOUNT} && "$@"; cp -a "$PLACE/." "$DIRECTORY" && umount "$PLACE" && rmdir "$PLACE"' sh "$@"`,
  },
  {
    name: 'the largest file that a process may write',
    code: 'EFBIG',
    needs: {},
    shell: `ulimit -f ${ROOM_BYTES / 512}; PLACE="$DIRECTORY"; exec "$@"`,
  },
]

type Told = { readonly code: string | undefined; readonly files: readonly Record<string, unknown>[] }

/** Writes a payload in a process of its own; `DIRECTORY` then holds what that left. */
async function write(place: Place, kind: string, directory: string, payload: Uint8Array): Promise<Told> {
  const program = fileURLToPath(new URL('write-output.ts', import.meta.url))
  const where = place.code === 'EFBIG' ? directory : `${directory}.disk`
  const words = [process.execPath, '--import', 'tsx', program, kind, where]
  const child = spawn('sh', ['-c', place.shell, 'sh', ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, DIRECTORY: directory, PLACE: where },
  })
  // It stops reading when it has failed.
  const sent = pipeline(Readable.from([payload]), child.stdin).catch(() => {})
  const told = JSON.parse(await text(child.stdout)) as Told
  await sent
  return told
}

const call: CallOptions = { seconds: 40, isLost: second => second === 3 }

for (const place of PLACES) {
  describe(`at ${place.name}`, place.needs, () => {
    it('a Matroska file ends with the last block that fits, and says so', requires('ffmpeg'), async () => {
      await using directory = await scratch()
      const { code, files } = await write(place, 'mkv', directory.path, await readFile(CLIP))
      const written = await readFile(directory.file('door.mkv'))
      const frames = framesOf(written)
      const all = await eventsOf(await readFile(CLIP))
      const next = all.filter(event => event.type === 'frame')[frames.length]!
      const [info] = readMkv(written).flatMap(event => (event.type === 'info' ? [event] : []))
      assert.deepEqual([code, await readdir(directory.path)], [place.code, ['door.mkv']])
      assert.deepEqual(frames, framesOf(await readFile(CLIP)).slice(0, frames.length))
      assert.ok(written.length <= ROOM_BYTES && written.length + next.data.length + 16 > ROOM_BYTES)
      assert.equal(countOf(written, 'truncated'), 0)
      assert.equal(await decodeMessages(directory.file('door.mkv')), '')
      assert.deepEqual(
        files.map(({ frames, bytes, durationMs, reason }) => ({ frames, bytes, durationMs, reason })),
        [{ frames: frames.length, bytes: written.length, durationMs: info?.durationMs, reason: 'cut' }],
      )
    })

    it('there is no Matroska file where not one block fits', async () => {
      await using directory = await scratch()
      const large = fragment({ frames: [{ keyframe: true, data: Buffer.alloc(2 * ROOM_BYTES, 1) }] })
      const told = await write(place, 'mkv', directory.path, large)
      assert.deepEqual([told, await readdir(directory.path)], [{ code: place.code, files: [] }, []])
    })

    it('a WAV file has the samples that fit, and a header that says how many', async () => {
      await using directory = await scratch()
      const { code, files } = await write(
        place,
        'wav',
        directory.path,
        Buffer.concat([...callFragments(call)]),
      )
      const written = await readFile(directory.file('contact-1.wav'))
      const samples = new Int16Array(
        written.buffer.slice(written.byteOffset + 44, written.byteOffset + written.length),
      )
      const speakers: Speaker[] = ['AUDIO_FROM_CUSTOMER', 'AUDIO_TO_CUSTOMER']
      const expected = speakers.map(speaker => expectedSamples(speaker, call))
      const differs = samples.findIndex((sample, at) => sample !== expected[at % 2]![at >> 1])
      assert.deepEqual([code, await readdir(directory.path)], [place.code, ['contact-1.wav']])
      assert.deepEqual(
        [written.readUInt32LE(4), written.readUInt32LE(40), differs],
        [written.length - 8, written.length - 44, -1],
      )
      assert.ok(written.length <= ROOM_BYTES && written.length > ROOM_BYTES / 2)
      assert.deepEqual(
        files.map(({ samples }) => samples),
        [samples.length / 2],
      )
    })

    it('a payload ends with the last chunk that fits', async () => {
      await using directory = await scratch()
      const payload = Buffer.concat([...callFragments(call)])
      const { code, files } = await write(place, 'payload', directory.path, payload)
      const written = await readFile(directory.file('door.payload'))
      assert.deepEqual([code, files.length, await readdir(directory.path)], [place.code, 1, ['door.payload']])
      assert.ok(written.length > 0 && written.length <= ROOM_BYTES)
      assert.ok(written.equals(payload.subarray(0, written.length)))
    })
  })
}
