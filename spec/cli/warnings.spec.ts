import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { ELEMENT_IDS as ID } from '../../lib/matroska/schema/elements.ts'
import { encodeId, encodeSize } from '../../lib/matroska/writer/writer.ts'
import { getmedia, jsonLines } from '../support/cli.ts'
import { cluster, document, ebmlHeader, frame, info, payload, tracks } from '../support/mkv-builder.ts'

const directory = mkdtempSync(join(tmpdir(), 'getmedia-warnings-'))
after(() => rmSync(directory, { recursive: true, force: true }))

function fileOf(name: string, bytes: Uint8Array): string {
  const path = join(directory, name)
  writeFileSync(path, bytes)
  return path
}

const media = cluster({ blocks: [{ data: 'a', keyframe: true }, frame({ track: 7 }), { at: 40, data: 'b' }] })
const undeclared = document(info(), tracks(), media)
const late = document(
  tracks(),
  cluster({ timestamp: 5, blocks: [{ data: 'a' }] }),
  info({ timestampScale: 2_000_000 }),
)
const zeroSize = Buffer.concat([
  ebmlHeader(),
  encodeId(ID.Segment),
  encodeSize(0, 8),
  info(),
  tracks(),
  cluster({ blocks: [{ data: 'a', keyframe: true }] }),
])
const framesIn = (stdout: string) => jsonLines(stdout).filter(({ event }) => event === 'frame').length

describe('getmedia, for media that breaks a rule,', () => {
  it('warns on standard error alone, once for each kind, and says that media is missing', async () => {
    const { stdout, stderr, exitCode } = await getmedia(['inspect', '-', '--json'], {
      stdin: payload(undeclared, undeclared, undeclared),
    })
    const events = jsonLines(stdout).map(({ event }) => event)
    assert.deepEqual([exitCode, framesIn(stdout)], [3, 6])
    assert.deepEqual([...new Set(events)], ['fragment', 'frame', 'fragment-end'])
    assert.deepEqual(
      stderr.split('\n').map(line => line.replace(/at byte.*/, '…')),
      [
        'getmedia: warning: the block …',
        'getmedia: warning: undeclared-track (track 7) came in 2 more fragments',
        'getmedia: warning: 3 blocks were skipped',
        '',
      ],
    )
  })

  it('converts what can be read', async () => {
    const input = fileOf('undeclared.mkv', undeclared)
    const output = join(directory, 'converted.mkv')
    const { stderr, exitCode } = await getmedia(['convert', input, '--mkv', output])
    assert.equal(exitCode, 3)
    assert.match(stderr, /converted\.mkv: .* 2 frames/)
  })

  it('leaves the exit code at 0 where everything was read', async () => {
    const { stdout, stderr, exitCode } = await getmedia(['inspect', '-', '--json'], { stdin: zeroSize })
    assert.deepEqual([exitCode, framesIn(stdout)], [0, 1])
    assert.match(
      stderr,
      /^getmedia: warning: Segment declares that it ends at byte \d+, but Info at byte \d+ goes on/,
    )
  })

  it('reads Info after the Clusters of a file, and refuses it from standard input', async () => {
    const asFile = await getmedia(['inspect', fileOf('late.mkv', late), '--json'])
    const frame = jsonLines(asFile.stdout).find(({ event }) => event === 'frame')
    assert.deepEqual([asFile.exitCode, asFile.stderr, frame?.timestampMs], [0, '', 10])
    const asStream = await getmedia(['inspect', '-', '--json'], { stdin: late })
    assert.equal(asStream.exitCode, 1)
    assert.match(asStream.stderr, /Info at byte \d+ comes after the first Cluster at byte \d+/)
  })
})
