import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ELEMENT_IDS as ID } from '../../../lib/matroska/schema/elements.ts'
import { binary, master, uint } from '../../../lib/matroska/writer/writer.ts'
import { document } from '../../support/mkv-builder.ts'
import { eventsOf } from '../read-mkv.ts'

const FRAMES = 1
const CODEC_PRIVATE = 2
const NEXT = 4

const encryption = master(
  ID.ContentEncryption,
  uint(ID.ContentEncAlgo, 5),
  binary(ID.ContentEncKeyID, Buffer.from('00112233445566778899aabbccddeeff', 'hex')),
  master(ID.ContentEncAESSettings, uint(ID.AESSettingsCipherMode, 1)),
)
const stripping = master(
  ID.ContentCompression,
  uint(ID.ContentCompAlgo, 3),
  binary(ID.ContentCompSettings, Buffer.from('ab')),
)
const encoding = (order: number, content: Buffer, scope: number) =>
  master(
    ID.ContentEncoding,
    uint(ID.ContentEncodingOrder, order),
    uint(ID.ContentEncodingType, content === encryption ? 1 : 0),
    content,
    uint(ID.ContentEncodingScope, scope),
  )
const encodings = (...all: Buffer[]) => master(ID.ContentEncodings, ...all)

function leftOf(element: Buffer): Uint8Array | undefined {
  const entry = master(
    ID.TrackEntry,
    uint(ID.TrackNumber, 1),
    binary(ID.CodecPrivate, Buffer.from('p')),
    element,
  )
  const [track] = eventsOf(document(master(ID.Tracks, entry))).flatMap(event =>
    event.type === 'tracks' ? event.tracks : [],
  )
  return track?.otherElements
}

describe('what is left of the encodings of a track', () => {
  const cases: [name: string, sent: Buffer, left: Buffer | undefined][] = [
    ['is nothing where they were all undone', encodings(encoding(0, stripping, FRAMES)), undefined],
    [
      'is its encryption, as it was sent',
      encodings(encoding(0, encryption, FRAMES | CODEC_PRIVATE)),
      encodings(encoding(0, encryption, FRAMES | CODEC_PRIVATE)),
    ],
    [
      'is the encryption alone, where the compression was applied after it and has been undone',
      encodings(encoding(1, stripping, FRAMES), encoding(0, encryption, FRAMES)),
      encodings(encoding(0, encryption, FRAMES)),
    ],
    [
      'is both, where the compression lies under the encryption',
      encodings(encoding(0, stripping, FRAMES), encoding(1, encryption, FRAMES)),
      encodings(encoding(0, stripping, FRAMES), encoding(1, encryption, FRAMES)),
    ],
    [
      'covers no CodecPrivate any more, where only the frames are encrypted above',
      encodings(encoding(0, stripping, FRAMES | CODEC_PRIVATE), encoding(1, encryption, FRAMES)),
      encodings(encoding(0, stripping, FRAMES), encoding(1, encryption, FRAMES)),
    ],
    [
      'covers no frames any more, where only the CodecPrivate is encrypted above',
      encodings(encoding(0, stripping, FRAMES | CODEC_PRIVATE), encoding(1, encryption, CODEC_PRIVATE)),
      encodings(encoding(0, stripping, CODEC_PRIVATE), encoding(1, encryption, CODEC_PRIVATE)),
    ],
    [
      'goes by the place where orders do not tell',
      encodings(encoding(0, stripping, FRAMES), encoding(0, encryption, FRAMES)),
      encodings(encoding(0, encryption, FRAMES)),
    ],
    [
      'keeps what speaks of the next encoding',
      encodings(encoding(1, stripping, FRAMES | NEXT), encoding(0, encryption, FRAMES)),
      encodings(encoding(1, stripping, NEXT), encoding(0, encryption, FRAMES)),
    ],
  ]
  for (const [name, sent, left] of cases) {
    it(name, () => assert.deepEqual(leftOf(sent), left && Uint8Array.from(left)))
  }
})
