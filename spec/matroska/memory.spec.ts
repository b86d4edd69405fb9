import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { MkvReader } from '../../lib/matroska/reader/mkv-reader.ts'
import { cutEvery } from '../support/chunkings.ts'
import { cluster, document, info, tracks } from '../support/mkv-builder.ts'

/** Collects all garbage. */
function collect(): void {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
}

/** Reads all that has come, and keeps a weak hand on the memory of its last frame. */
function readWeakly(reader: MkvReader, chunks: Iterable<Uint8Array>): WeakRef<ArrayBufferLike> {
  let memory: WeakRef<ArrayBufferLike> | undefined
  for (const chunk of chunks) {
    reader.push(chunk)
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      if (event.type === 'frame') memory = new WeakRef(event.data.buffer)
    }
  }
  return memory!
}

describe('MkvReader', () => {
  it('lets a frame go that everybody has dropped', async () => {
    const reader = new MkvReader()
    const bytes = document(info(), tracks(), cluster({ blocks: [{ data: Buffer.alloc(1_000_000) }] }))
    const memory = readWeakly(reader, cutEvery(bytes, 65_536))
    // What a WeakRef has shown stays for the rest of its turn.
    await new Promise(resolve => setImmediate(resolve))
    collect()
    assert.equal(memory.deref(), undefined)
    reader.end()
  })
})
