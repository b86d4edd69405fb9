import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { ALAW, MULAW } from '../../../lib/outputs/wav/g711.ts'
import { requires } from '../../support/requirements.ts'
import { run, scratch } from '../media.ts'

describe('G.711', () => {
  for (const [name, table] of [
    ['mulaw', MULAW],
    ['alaw', ALAW],
  ] as const) {
    it(`${name} gives each byte the sample that ffmpeg gives it`, requires('ffmpeg'), async () => {
      await using directory = await scratch()
      await writeFile(
        directory.file('coded'),
        Uint8Array.from({ length: 256 }, (_, byte) => byte),
      )
      const coded = ['-f', name, '-ar', '8000', '-i', directory.file('coded')]
      await run('ffmpeg', ['-v', 'error', ...coded, '-f', 's16le', directory.file('raw')])
      const raw = await readFile(directory.file('raw'))
      assert.deepEqual(
        Array.from(table),
        Array.from({ length: 256 }, (_, i) => raw.readInt16LE(i * 2)),
      )
    })
  }
})
