import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MkvLateMetadataError } from '../../../lib/core/errors.ts'
import type { SeekableBytes } from '../../../lib/matroska/reader/seekable-bytes.ts'
import { ELEMENT_IDS as ID } from '../../../lib/matroska/schema/elements.ts'
import { binary, encodeId, master, uint } from '../../../lib/matroska/writer/writer.ts'
import { chunkings } from '../../support/chunkings.ts'
import {
  cluster,
  document,
  ebmlHeader,
  info,
  payload,
  segmentHead,
  tracks,
  voidElement,
} from '../../support/mkv-builder.ts'
import { digest, type Reading, readMkv } from '../read-mkv.ts'

const HEAD_BYTES = ebmlHeader().length + segmentHead().length

/** A SeekHead whose positions take eight bytes, so that it is as long whatever they are. */
function seekHead(positions: Readonly<Record<number, number>>): Buffer {
  const entries = Object.entries(positions).map(([id, at]) =>
    master(ID.Seek, binary(ID.SeekID, encodeId(Number(id))), uint(ID.SeekPosition, at, { width: 8 })),
  )
  return master(ID.SeekHead, ...entries)
}

function inMemory(bytes: Uint8Array): SeekableBytes & { reads: number } {
  return {
    size: bytes.length,
    reads: 0,
    read(byteOffset, length) {
      this.reads += length
      return bytes.subarray(byteOffset, byteOffset + length)
    },
  }
}

const asFile = (bytes: Uint8Array) => readMkv([bytes], { seekable: inMemory(bytes) })
const shown = ({ events, error }: Reading) => [
  events.flatMap(event =>
    event.type === 'frame' ? [[Buffer.from(event.data).toString(), event.timestampMs]] : [],
  ),
  error?.message,
]

const scaled = info({ timestampScale: 2_000_000 })
const stripped = tracks([{ headerStripping: 'A' }])
const media = (unknownSize = false) => cluster({ timestamp: 5, blocks: [{ data: 'b' }], unknownSize })
const found = [[['Ab', 10]], undefined]

describe('MkvReader, of Info and Tracks after the Clusters,', () => {
  const withSeekHead = (id: number, at: number, ...parts: readonly Uint8Array[]) =>
    document(seekHead({ [id]: at }), ...parts)
  const seekBytes = seekHead({ [ID.Info]: 0 }).length
  const cases: [name: string, input: Buffer][] = [
    ['both behind, without a SeekHead', document(media(), scaled, stripped)],
    ['both behind a cluster of unknown size', document(media(true), stripped, scaled)],
    ['Tracks behind', document(scaled, media(), stripped)],
    ['Info behind', document(stripped, media(), scaled)],
    [
      'Info where the SeekHead says',
      withSeekHead(ID.Info, seekBytes + stripped.length + media().length, stripped, media(), scaled),
    ],
    ['Info elsewhere than the SeekHead says', withSeekHead(ID.Info, 3, stripped, media(), scaled)],
    [
      'Tracks that a second SeekHead names',
      withSeekHead(
        ID.SeekHead,
        seekBytes + scaled.length + media().length,
        scaled,
        media(),
        seekHead({ [ID.Tracks]: seekBytes * 2 + scaled.length + media().length }),
        stripped,
      ),
    ],
    ['more clusters between them', document(media(), voidElement(9000), stripped, scaled)],
  ]
  for (const [name, input] of cases) {
    it(`reads a file: ${name}`, () => {
      const access = inMemory(input)
      assert.deepEqual(shown(readMkv([input], { seekable: access })), found)
      const whole = digest(asFile(input))
      for (const { name: cut, chunks } of chunkings(input)) {
        assert.equal(digest(readMkv(chunks, { seekable: access })), whole, cut)
      }
    })
  }

  it('reads a file of several documents and Segments, each with its own', () => {
    const other = [tracks([{ headerStripping: 'Z' }]), info({ timestampScale: 3_000_000 })]
    const input = payload(
      document(media(), scaled, stripped),
      document(media(), ...other),
      segmentHead(),
      media(),
    )
    assert.deepEqual(shown(asFile(input)), [
      [
        ['Ab', 10],
        ['Zb', 15],
        ['b', 5],
      ],
      undefined,
    ])
  })

  it('gives each once, before the cluster', () => {
    const { events } = asFile(document(media(), scaled, stripped))
    assert.deepEqual(
      events.map(({ type }) => type),
      ['document-start', 'info', 'tracks', 'cluster', 'frame', 'cluster-end', 'document-end'],
    )
  })

  it('asks a file for nothing where they come first', () => {
    const input = document(scaled, stripped, media(), scaled, stripped)
    const access = inMemory(input)
    assert.deepEqual([shown(readMkv([input], { seekable: access })), access.reads], [found, 0])
  })

  it('does not read what is in clusters of known size', () => {
    const large = cluster({ blocks: [{ data: Buffer.alloc(5_000_000) }] })
    const access = inMemory(document(large, tracks(), info()))
    readMkv([], { seekable: access })
    const input = document(large, tracks(), info())
    assert.equal(readMkv([input], { seekable: access }).error, undefined)
    assert.ok(access.reads < 100_000, `${access.reads} bytes`)
  })

  const clusterAt = HEAD_BYTES
  const late = (element: string, at: number, cluster: number) => ({
    code: 'ERR_MKV_LATE_METADATA',
    byteOffset: at,
    elementPath: `Segment/${element}`,
    message: `${element} at byte ${at} comes after the first Cluster at byte ${cluster}, and a stream cannot be read without it; give a file, not a pipe, or write it again with mkvmerge or ffmpeg`,
  })
  const named = withSeekHead(ID.Info, seekBytes + stripped.length + media().length, stripped, media(), scaled)
  const refused: [name: string, input: Buffer, frames: number, fault: object][] = [
    [
      'Info that a SeekHead names, before the first frame',
      named,
      0,
      late('Info', named.indexOf(scaled), named.indexOf(media())),
    ],
    [
      'Info with another scale, when it comes',
      document(stripped, media(), scaled),
      1,
      late('Info', clusterAt + stripped.length + media().length, clusterAt + stripped.length),
    ],
    [
      'Tracks, when they come',
      document(media(), stripped),
      1,
      late('Tracks', clusterAt + media().length, clusterAt),
    ],
  ]
  for (const [name, input, frames, fault] of refused) {
    it(`refuses a stream: ${name}`, () => {
      const { events, error } = readMkv([input])
      assert.ok(error instanceof MkvLateMetadataError)
      const { code, byteOffset, elementPath, message } = error
      assert.deepEqual({ code, byteOffset, elementPath, message }, fault)
      assert.equal(events.filter(({ type }) => type === 'frame').length, frames)
    })
  }

  const agreed: [name: string, input: Buffer][] = [
    ['that repeat what came first', document(info(), tracks(), media(), info(), tracks(), media())],
    ['Info with the scale that was assumed', document(tracks(), media(), info(), media())],
  ]
  for (const [name, input] of agreed) {
    it(`goes on in a stream with those ${name}`, () => {
      assert.deepEqual(shown(readMkv([input])), [
        [
          ['b', 5],
          ['b', 5],
        ],
        undefined,
      ])
    })
  }
})
