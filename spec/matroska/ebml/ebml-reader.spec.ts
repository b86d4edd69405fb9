import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EbmlEvent } from '../../../lib/matroska/ebml/ebml-events.ts'
import { EbmlReader } from '../../../lib/matroska/ebml/ebml-reader.ts'
import { ELEMENT_IDS as ID } from '../../../lib/matroska/schema/elements.ts'
import {
  binary,
  element,
  encodeId,
  encodeSize,
  master,
  simpleBlock,
  string,
  UNKNOWN_SIZE,
  uint,
} from '../../../lib/matroska/writer/writer.ts'
import { chunkings } from '../../support/chunkings.ts'
import { crc32, ebmlHeader, frame, voidElement } from '../../support/mkv-builder.ts'
import { faultOf } from '../read-mkv.ts'

const HEADER = master(ID.EBML)
const LIMITS = { maxFrameBytes: 1000, maxMetadataBytes: 100 }
const join = (...parts: readonly Uint8Array[]) => Buffer.concat(parts)
const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')
/** An id and a size, without the payload. */
const head = (id: number, size: number | bigint | typeof UNKNOWN_SIZE, width?: number) =>
  join(encodeId(id), encodeSize(size, width))

/** What the reader says, a line an event: `open Segment @5 size ?`. */
function read(chunks: Iterable<Uint8Array>): { lines: string[]; error: Error | undefined } {
  const reader = new EbmlReader({ wants: () => true, ...LIMITS })
  const lines: string[] = []
  const drain = () => {
    for (let event = reader.next(); event !== undefined; event = reader.next()) lines.push(lineOf(event))
  }
  try {
    for (const chunk of chunks) {
      reader.push(chunk)
      drain()
    }
    reader.end()
    drain()
  } catch (error) {
    return { lines, error: error as Error }
  }
  return { lines, error: undefined }
}

function lineOf(event: EbmlEvent): string {
  switch (event.kind) {
    case 'open':
      return `open ${event.definition.name} @${event.byteOffset} size ${event.size ?? '?'}`
    case 'data':
      return `data ${event.definition.name} @${event.byteOffset} ${Buffer.from(event.bytes).toString('hex')}`
    case 'close':
      return `close ${event.definition.name} @${event.byteOffset}`
    case 'skipped':
      return `skipped ${event.definition?.name ?? event.id.toString(16)} @${event.byteOffset}-${event.endOffset}`
    case 'truncated':
      return `truncated @${event.byteOffset} in ${event.elementPath}`
    case 'warning': {
      const { code, byteOffset, elementPath, mediaMissing } = event
      return `${code} @${byteOffset} in ${elementPath}${mediaMissing ? ', media missing' : ''}`
    }
  }
}

describe('EbmlReader reads', () => {
  const opened = ['open EBML @0 size 0', 'close EBML @5']
  const time = uint(ID.Timestamp, 7)
  const inUnknown = (...children: readonly Uint8Array[]) =>
    join(HEADER, head(ID.Segment, UNKNOWN_SIZE), head(ID.Cluster, UNKNOWN_SIZE), ...children)
  const openedUnknown = [...opened, 'open Segment @5 size ?', 'open Cluster @10 size ?']
  const cases: [name: string, input: Uint8Array, expected: string[]][] = [
    ['nothing from nothing', Buffer.alloc(0), []],
    ['an empty header', HEADER, opened],
    [
      'values and masters of known size',
      join(HEADER, master(ID.Segment, master(ID.Cluster, time))),
      [
        ...opened,
        'open Segment @5 size 8',
        'open Cluster @10 size 3',
        'data Timestamp @15 07',
        'close Cluster @18',
        'close Segment @18',
      ],
    ],
    [
      'elements of no bytes',
      join(
        HEADER,
        master(
          ID.Segment,
          binary(ID.Void, Buffer.alloc(0)),
          element(ID.Cluster, element(ID.Timestamp, bytes(''))),
        ),
      ),
      [
        ...opened,
        'open Segment @5 size 9',
        'skipped Void @10-12',
        'open Cluster @12 size 2',
        'data Timestamp @17 ',
        'close Cluster @19',
        'close Segment @19',
      ],
    ],
    [
      'a Void before the first header',
      join(voidElement(3), HEADER),
      ['skipped Void @0-5', 'open EBML @5 size 0', 'close EBML @10'],
    ],
    [
      'CRC-32 and Void among the children, which end nothing',
      inUnknown(crc32(), time, voidElement(1)),
      [
        ...openedUnknown,
        'skipped CRC-32 @15-21',
        'data Timestamp @21 07',
        'skipped Void @24-27',
        'close Cluster @27',
        'close Segment @27',
      ],
    ],
    [
      'unknown elements of every id length, which end nothing',
      inUnknown(
        bytes('fe 81 00'),
        bytes('4f ff 80'),
        bytes('2f ff fe 81 00'),
        bytes('1f ff ff fe 81 00'),
        time,
      ),
      [
        ...openedUnknown,
        'skipped fe @15-18',
        'skipped 4fff @18-21',
        'skipped 2ffffe @21-26',
        'skipped 1ffffffe @26-32',
        'data Timestamp @32 07',
        'close Cluster @35',
        'close Segment @35',
      ],
    ],
    [
      'a known element in a wrong place, which is skipped',
      inUnknown(string(ID.TagName, 'x'), time),
      [
        ...openedUnknown,
        'skipped TagName @15-19',
        'data Timestamp @19 07',
        'close Cluster @22',
        'close Segment @22',
      ],
    ],
    [
      'a cluster of unknown size, ended by the next cluster',
      inUnknown(head(ID.Cluster, UNKNOWN_SIZE)),
      [
        ...openedUnknown,
        'close Cluster @15',
        'open Cluster @15 size ?',
        'close Cluster @20',
        'close Segment @20',
      ],
    ],
    [
      'a cluster of unknown size, ended by tags',
      inUnknown(master(ID.Tags)),
      [...openedUnknown, 'close Cluster @15', 'open Tags @15 size 0', 'close Tags @20', 'close Segment @20'],
    ],
    [
      'a cluster and a segment of unknown size, ended by the next header',
      inUnknown(HEADER),
      [...openedUnknown, 'close Cluster @15', 'close Segment @15', 'open EBML @15 size 0', 'close EBML @20'],
    ],
    [
      'a cluster and a segment of unknown size, ended by the next segment',
      inUnknown(head(ID.Segment, 0)),
      [
        ...openedUnknown,
        'close Cluster @15',
        'close Segment @15',
        'open Segment @15 size 0',
        'close Segment @20',
      ],
    ],
    [
      'a cluster of unknown size, ended by the end of its segment',
      join(HEADER, head(ID.Segment, 8), head(ID.Cluster, UNKNOWN_SIZE), time, HEADER),
      [
        ...opened,
        'open Segment @5 size 8',
        'open Cluster @10 size ?',
        'data Timestamp @15 07',
        'close Cluster @18',
        'close Segment @18',
        'open EBML @18 size 0',
        'close EBML @23',
      ],
    ],
    [
      'a Segment of size zero that goes on',
      join(HEADER, head(ID.Segment, 0), master(ID.Cluster, time), master(ID.Tags)),
      [
        ...opened,
        'open Segment @5 size 0',
        'segment-size @10 in Segment',
        'open Cluster @10 size 3',
        'data Timestamp @15 07',
        'close Cluster @18',
        'open Tags @18 size 0',
        'close Tags @23',
        'close Segment @23',
      ],
    ],
    [
      'an empty Segment and what lies between documents',
      join(HEADER, head(ID.Segment, 0), voidElement(1), bytes('fe 80'), HEADER),
      [
        ...opened,
        'open Segment @5 size 0',
        'skipped Void @10-13',
        'skipped fe @13-15',
        'close Segment @15',
        'open EBML @15 size 0',
        'close EBML @20',
      ],
    ],
    [
      'a Segment that ends inside a cluster by its size',
      join(HEADER, head(ID.Segment, 6), master(ID.Cluster, time)),
      [
        ...opened,
        'open Segment @5 size 6',
        'segment-size @10 in Segment',
        'open Cluster @10 size 3',
        'data Timestamp @15 07',
        'close Cluster @18',
        'close Segment @18',
      ],
    ],
    [
      'a Segment that ends inside a cluster of unknown size by its size',
      join(HEADER, head(ID.Segment, 6), head(ID.Cluster, UNKNOWN_SIZE), time, HEADER),
      [
        ...opened,
        'open Segment @5 size 6',
        'open Cluster @10 size ?',
        'data Timestamp @15 07',
        'segment-size @18 in Segment/Cluster',
        'close Cluster @18',
        'close Segment @18',
        'open EBML @18 size 0',
        'close EBML @23',
      ],
    ],
    [
      'a Segment that another document ends before its size does',
      join(HEADER, head(ID.Segment, 60), master(ID.Cluster, time), HEADER),
      [
        ...opened,
        'open Segment @5 size 60',
        'open Cluster @10 size 3',
        'data Timestamp @15 07',
        'close Cluster @18',
        'segment-size @18 in Segment, media missing',
        'close Segment @18',
        'open EBML @18 size 0',
        'close EBML @23',
      ],
    ],
    [
      'a cluster of size zero that goes on',
      join(HEADER, head(ID.Segment, 0), head(ID.Cluster, 0), time, master(ID.Cluster, time)),
      [
        ...opened,
        'open Segment @5 size 0',
        'segment-size @10 in Segment',
        'open Cluster @10 size 0',
        'element-size @15 in Segment/Cluster',
        'data Timestamp @15 07',
        'close Cluster @18',
        'open Cluster @18 size 3',
        'data Timestamp @23 07',
        'close Cluster @26',
        'close Segment @26',
      ],
    ],
    [
      'a cluster that the next one ends before its size does',
      join(HEADER, head(ID.Segment, UNKNOWN_SIZE), head(ID.Cluster, 50), time, master(ID.Cluster, time)),
      [
        ...opened,
        'open Segment @5 size ?',
        'open Cluster @10 size 50',
        'data Timestamp @15 07',
        'element-size @18 in Segment/Cluster, media missing',
        'close Cluster @18',
        'open Cluster @18 size 3',
        'data Timestamp @23 07',
        'close Cluster @26',
        'close Segment @26',
      ],
    ],
    [
      'children of a Segment without one, as if it had begun',
      join(HEADER, master(ID.Cluster, time), master(ID.Tags), HEADER),
      [
        ...opened,
        'open Segment @5 size ?',
        'element-outside-segment @5 in Segment/Cluster',
        'open Cluster @5 size 3',
        'data Timestamp @10 07',
        'close Cluster @13',
        'open Tags @13 size 0',
        'close Tags @18',
        'close Segment @18',
        'open EBML @18 size 0',
        'close EBML @23',
      ],
    ],
    [
      'nested SimpleTags of unknown size',
      join(
        HEADER,
        head(ID.Segment, UNKNOWN_SIZE),
        head(ID.Tags, UNKNOWN_SIZE),
        head(ID.Tag, UNKNOWN_SIZE),
        head(ID.SimpleTag, UNKNOWN_SIZE),
        head(ID.SimpleTag, UNKNOWN_SIZE),
        master(ID.Tag),
      ),
      [
        ...opened,
        'open Segment @5 size ?',
        'open Tags @10 size ?',
        'open Tag @15 size ?',
        'open SimpleTag @18 size ?',
        'open SimpleTag @21 size ?',
        'close SimpleTag @24',
        'close SimpleTag @24',
        'close Tag @24',
        'open Tag @24 size 0',
        'close Tag @27',
        'close Tags @27',
        'close Segment @27',
      ],
    ],
  ]
  for (const [name, input, expected] of cases) {
    it(name, () => {
      for (const { name: cut, chunks } of chunkings(input)) {
        assert.deepEqual(read(chunks), { lines: expected, error: undefined }, cut)
      }
    })
  }
})

describe('EbmlReader reads sizes of every width', () => {
  for (let width = 1; width <= 8; width++) {
    it(`${width}: known and unknown`, () => {
      const size = element(ID.Timestamp, Buffer.of(5), { sizeWidth: width })
      const input = join(
        HEADER,
        head(ID.Segment, UNKNOWN_SIZE, width),
        head(ID.Cluster, UNKNOWN_SIZE, width),
        size,
      )
      const at = 5 + 2 * (4 + width)
      const expected = [
        'open EBML @0 size 0',
        'close EBML @5',
        'open Segment @5 size ?',
        `open Cluster @${9 + width} size ?`,
        `data Timestamp @${at} 05`,
        `close Cluster @${at + size.length}`,
        `close Segment @${at + size.length}`,
      ]
      for (const { name, chunks } of chunkings(input)) assert.deepEqual(read(chunks).lines, expected, name)
    })
  }

  it('tells the largest size of eight bytes from an unknown one', () => {
    const input = join(HEADER, head(ID.Segment, 2n ** 56n - 2n))
    assert.deepEqual(read([input]).lines, [
      'open EBML @0 size 0',
      'close EBML @5',
      `open Segment @5 size ${Number(2n ** 56n - 2n)}`,
      'truncated @17 in Segment',
    ])
  })

  it('reads no block of eight-byte size as unknown', () => {
    const block = simpleBlock(
      { track: 1, relativeTimestamp: 0, frames: [Buffer.from('x')] },
      { sizeWidth: 8 },
    )
    const input = join(HEADER, master(ID.Segment, master(ID.Cluster, block)))
    assert.deepEqual(read([input]).lines[4], 'data SimpleBlock @15 8100000078')
  })
})

describe('EbmlReader refuses', () => {
  const segment = head(ID.Segment, UNKNOWN_SIZE)
  const cluster = head(ID.Cluster, UNKNOWN_SIZE)
  const syntax = (byteOffset: number, elementPath: string) => ({
    code: 'ERR_MKV_SYNTAX',
    byteOffset,
    elementPath,
  })
  const limit = (byteOffset: number, elementPath: string) => ({
    code: 'ERR_MKV_LIMIT',
    byteOffset,
    elementPath,
  })
  const deep = Buffer.concat(Array.from({ length: 70 }, () => head(ID.SimpleTag, UNKNOWN_SIZE)))
  const cases: [name: string, input: Uint8Array, fault: object][] = [
    ['text', Buffer.from('hello'), syntax(0, '')],
    ['bytes that differ from a header late', bytes('1a 45 df a4'), syntax(3, '')],
    ['the first byte of those alone', bytes('1a 00'), syntax(1, '')],
    ['a known element before any header', segment, syntax(0, '')],
    ['other bytes behind a Void that leads', join(voidElement(2), Buffer.from('x')), syntax(4, '')],
    [
      'a zero byte where an id must begin',
      join(HEADER, segment, cluster, bytes('00')),
      syntax(15, 'Segment/Cluster'),
    ],
    ['an id of five bytes', join(HEADER, segment, bytes('08')), syntax(10, 'Segment')],
    ['a reserved id of one byte', join(HEADER, segment, bytes('ff 80')), syntax(10, 'Segment')],
    ['a reserved id of four bytes', join(HEADER, segment, bytes('1f ff ff ff 80')), syntax(10, 'Segment')],
    ['a size that begins with a zero byte', join(HEADER, segment, bytes('ec 00')), syntax(11, 'Segment')],
    [
      'a child that outruns its parent',
      join(HEADER, segment, head(ID.Cluster, 5), head(ID.Timestamp, 4)),
      syntax(15, 'Segment/Cluster'),
    ],
    [
      'a child whose header outruns its parent',
      join(HEADER, segment, head(ID.Cluster, 1), head(ID.Timestamp, 0)),
      syntax(15, 'Segment/Cluster'),
    ],
    [
      'a Void that outruns its parent',
      join(HEADER, segment, head(ID.Cluster, 5), voidElement(9)),
      syntax(15, 'Segment/Cluster'),
    ],
    [
      'an unknown element that outruns its parent',
      join(HEADER, segment, head(ID.Cluster, 5), bytes('fe 84')),
      syntax(15, 'Segment/Cluster'),
    ],
    [
      'an unknown size of a value',
      join(HEADER, segment, cluster, head(ID.Timestamp, UNKNOWN_SIZE)),
      syntax(15, 'Segment/Cluster'),
    ],
    ['an unknown size of an unknown element', join(HEADER, segment, bytes('fe ff')), syntax(10, 'Segment')],
    [
      'elements nested too deep',
      join(HEADER, segment, master(ID.Tags, master(ID.Tag, deep))),
      syntax(203, `Segment/Tags/Tag${'/SimpleTag'.repeat(61)}`),
    ],
    [
      'a block over the limit',
      join(HEADER, segment, cluster, head(ID.SimpleBlock, 1001)),
      limit(15, 'Segment/Cluster/SimpleBlock'),
    ],
    [
      'a value over the limit',
      join(HEADER, segment, head(ID.Info, UNKNOWN_SIZE), head(ID.Title, 101)),
      limit(15, 'Segment/Info/Title'),
    ],
    [
      'a block of a terabyte',
      join(HEADER, segment, cluster, head(ID.SimpleBlock, 2 ** 40)),
      limit(15, 'Segment/Cluster/SimpleBlock'),
    ],
  ]
  for (const [name, input, fault] of cases) {
    it(name, () => {
      for (const { name: cut, chunks } of chunkings(input)) {
        assert.deepEqual(faultOf(read(chunks).error), fault, cut)
      }
    })
  }

  it('with a message that says what, where and what to do', () => {
    const big = join(HEADER, segment, cluster, head(ID.SimpleBlock, 2 ** 40))
    const outrun = join(HEADER, segment, head(ID.Cluster, 5), head(ID.Timestamp, 4))
    const messages = [Buffer.from('{"a":1}'), big, outrun].map(input => read([input]).error?.message)
    assert.deepEqual(messages, [
      'this is no EBML: an EBML header (1A45DFA3) was expected, and byte 0x7B came at byte 0',
      'SimpleBlock of 1099511627776 bytes is over the limit of 1000 bytes at byte 15 in Segment/Cluster/SimpleBlock; raise `maxFrameBytes` if the data are right',
      'Timestamp of 4 bytes outruns Cluster, which ends at byte 20, at byte 15 in Segment/Cluster',
    ])
  })
})

describe('EbmlReader, when the bytes end', () => {
  const whole = join(HEADER, head(ID.Segment, UNKNOWN_SIZE), master(ID.Cluster, uint(ID.Timestamp, 300)))
  const segmentKnown = join(HEADER, head(ID.Segment, 50), head(ID.Cluster, UNKNOWN_SIZE))
  const cases: [name: string, input: Uint8Array, last: string][] = [
    ['between elements, closes what is open', whole, 'close Segment @19'],
    ['inside an id, says so', whole.subarray(0, 7), 'truncated @7 in '],
    ['behind an id, says so', whole.subarray(0, 9), 'truncated @9 in '],
    ['behind a header of known size, says so', whole.subarray(0, 15), 'truncated @15 in Segment/Cluster'],
    ['inside a value, says so', whole.subarray(0, 18), 'truncated @18 in Segment/Cluster/Timestamp'],
    ['in a master of known size, says so', segmentKnown, 'truncated @15 in Segment/Cluster'],
    ['inside what is skipped, says so', join(HEADER, voidElement(9).subarray(0, 5)), 'truncated @10 in Void'],
    ['inside an unknown element, says so', join(HEADER, bytes('fe 85 00')), 'truncated @8 in '],
  ]
  for (const [name, input, last] of cases) {
    it(name, () => {
      for (const { name: cut, chunks } of chunkings(input)) assert.equal(read(chunks).lines.at(-1), last, cut)
    })
  }

  it('has nothing more to say afterwards', () => {
    const reader = new EbmlReader({ wants: () => true, ...LIMITS })
    reader.push(HEADER.subarray(0, 3))
    reader.end()
    const said = [reader.next()?.kind, reader.next(), reader.next()]
    assert.deepEqual(said, ['truncated', undefined, undefined])
  })
})

describe('EbmlReader skips what is not wanted', () => {
  it('whole, without reading into it, however large it says it is', () => {
    const reader = new EbmlReader({ wants: ({ id }) => id === ID.EBML || id === ID.Segment, ...LIMITS })
    reader.push(join(HEADER, head(ID.Segment, UNKNOWN_SIZE), head(ID.Cluster, 2 ** 40)))
    const kinds: string[] = []
    for (let i = 0; i < 1000; i++) {
      for (let event = reader.next(); event !== undefined; event = reader.next()) kinds.push(event.kind)
      reader.push(Buffer.alloc(1000))
    }
    assert.deepEqual([kinds, reader.byteOffset], [['open', 'close', 'open'], 20 + 999 * 1000])
  })

  it('and gives blocks as views of the chunk that they lie in', () => {
    const input = join(
      ebmlHeader(),
      head(ID.Segment, UNKNOWN_SIZE),
      master(ID.Cluster, frame({ data: 'payload' })),
    )
    const reader = new EbmlReader({ wants: () => true, ...LIMITS })
    reader.push(input)
    const views: boolean[] = []
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      if (event.kind === 'data') views.push(event.bytes.buffer === input.buffer)
    }
    assert.deepEqual([...new Set(views)], [true])
  })
})
