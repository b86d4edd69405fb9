import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Acknowledgement } from '../../lib/put-media/acknowledgement.ts'
import { AcknowledgementReader } from '../../lib/put-media/acknowledgement-reader.ts'
import { chunkings, randomCuts } from '../support/chunkings.ts'

function read(chunks: Iterable<Uint8Array>): Acknowledgement[] {
  const reader = new AcknowledgementReader()
  const acks: Acknowledgement[] = []
  const take = () => {
    for (let ack = reader.next(); ack !== undefined; ack = reader.next()) acks.push(ack)
  }
  for (const chunk of chunks) {
    reader.push(chunk)
    take()
  }
  reader.end()
  take()
  return acks
}

const readText = (text: string) => read([Buffer.from(text)])
const NONE = {
  fragmentNumber: null,
  fragmentTimecode: null,
  fragmentTimecodeMs: null,
  errorId: null,
  errorCode: null,
}

const cases: [name: string, text: string, expected: Acknowledgement[]][] = [
  [
    'one of each kind, the last line without its end',
    '{"EventType":"BUFFERING","FragmentTimecode":0,"FragmentNumber":"91"}\n' +
      '{"FragmentNumber":"91","FragmentTimecode":0,"EventType":"RECEIVED"}\n{"EventType":"IDLE"}\r\n\n' +
      '{"EventType":"ERROR","FragmentTimecode":160,"FragmentNumber":"92","ErrorCode":"INVALID_MKV_DATA","ErrorId":4006}',
    [
      { ...NONE, type: 'BUFFERING', fragmentNumber: '91', fragmentTimecode: '0', fragmentTimecodeMs: 0 },
      { ...NONE, type: 'RECEIVED', fragmentNumber: '91', fragmentTimecode: '0', fragmentTimecodeMs: 0 },
      { ...NONE, type: 'IDLE' },
      {
        type: 'ERROR',
        fragmentNumber: '92',
        fragmentTimecode: '160',
        fragmentTimecodeMs: 160,
        errorId: 4006,
        errorCode: 'INVALID_MKV_DATA',
      },
    ],
  ],
  [
    "the documentation's sample, wrapped and with a number for the number, every digit of it",
    '{"Acknowledgement":{"EventType":"PERSISTED","FragmentTimecode":2000,"FragmentNumber": 91343852333181432392682062607743920146159169392}}\n',
    [
      {
        ...NONE,
        type: 'PERSISTED',
        fragmentNumber: '91343852333181432392682062607743920146159169392',
        fragmentTimecode: '2000',
        fragmentTimecodeMs: 2000,
      },
    ],
  ],
  ['a kind that a newer service has: nothing', '{"EventType":"ARCHIVED","FragmentTimecode":2000}\n', []],
  ['no bytes: nothing', '', []],
]

describe('AcknowledgementReader', () => {
  for (const [name, text, expected] of cases) {
    it(`reads ${name}`, () => assert.deepEqual(readText(text), expected))
  }

  it('reads the same however the bytes are cut', () => {
    const [, text, expected] = cases[0]!
    const different: string[] = []
    for (const { name, chunks } of chunkings(Buffer.from(text))) {
      try {
        assert.deepEqual(read(chunks), expected)
      } catch {
        different.push(name)
      }
    }
    assert.deepEqual(different, [])
  })

  it('reads any acknowledgements, with keys in any order and lines cut anywhere', () => {
    const known = fc.record({
      EventType: fc.constantFrom('BUFFERING', 'RECEIVED', 'PERSISTED', 'IDLE', 'ERROR'),
      FragmentTimecode: fc.nat(),
      FragmentNumber: fc.bigInt({ min: 1n, max: 2n ** 157n }).map(String),
      ErrorId: fc.nat({ max: 6000 }),
      ErrorCode: fc.stringMatching(/^[A-Z_ä€😀\\"]{1,20}$/u),
    })
    const line = fc.tuple(known, fc.array(fc.nat({ max: 4 }), { maxLength: 5 }), fc.boolean())
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.nat({ max: 2000 })), (lines, cuts) => {
        const text = lines.map(([fields, order, crlf]) => {
          const entries = Object.entries(fields)
          for (const from of order) entries.unshift(...entries.splice(from, 1))
          return JSON.stringify(Object.fromEntries(entries)) + (crlf ? '\r\n' : '\n')
        })
        assert.deepEqual(
          read(randomCuts(Buffer.from(text.join('')), cuts)),
          lines.map(([fields]) => ({
            type: fields.EventType,
            fragmentNumber: fields.FragmentNumber,
            fragmentTimecode: String(fields.FragmentTimecode),
            fragmentTimecodeMs: fields.FragmentTimecode,
            errorId: fields.ErrorId,
            errorCode: fields.ErrorCode,
          })),
        )
      }),
    )
  })

  it('gives what is whole, or one of our errors, for any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array(), fc.string().map(Buffer.from))), chunks => {
        try {
          read(chunks)
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'ERR_ACKNOWLEDGEMENT')
        }
      }),
    )
  })

  const refused: [name: string, text: string][] = [
    ['text that is no JSON', 'PERSISTED\n'],
    ['JSON that is no object', '"PERSISTED"\n'],
    ['an object without an EventType', '{"FragmentNumber":"1"}\n'],
    ['a last line that is cut', '{"EventType":"PERSI'],
  ]
  for (const [name, text] of refused) {
    it(`refuses ${name}, retryably`, () =>
      assert.throws(() => readText(text), { code: 'ERR_ACKNOWLEDGEMENT', retryable: true }))
  }

  it('refuses a line without end before it fills the memory', () => {
    let pushed = 0
    const endless = function* () {
      for (;;) {
        pushed += 1000
        yield Buffer.alloc(1000, 'x')
      }
    }
    assert.throws(() => read(endless()), { code: 'ERR_ACKNOWLEDGEMENT' })
    assert.ok(pushed < 20_000)
  })
})
