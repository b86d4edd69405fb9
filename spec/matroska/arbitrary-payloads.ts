import fc from 'fast-check'
import {
  errorChunk,
  type FragmentOptions,
  type FrameOptions,
  fragment,
  payload,
} from '../support/mkv-builder.ts'

/** Payloads of the shapes that producers and the service write, and the same with bytes that are wrong. */

const data = fc.uint8Array({ maxLength: 300 })

const frames: fc.Arbitrary<FrameOptions> = fc.oneof(
  fc.record({
    data,
    keyframe: fc.boolean(),
    at: fc.integer({ min: -500, max: 500 }),
    track: fc.integer({ min: 1, max: 300 }),
  }),
  fc.record({
    data: fc.array(data, { minLength: 1, maxLength: 5 }),
    lacing: fc.constantFrom('xiph', 'ebml'),
  }),
  fc.record({ data, group: fc.constantFrom({}, { durationTicks: 40 }, { references: [-40] }) }),
)

const name = fc.constantFrom('ContactId', '__proto__', 'constructor', 'MimeType', '')
const value = fc.oneof(
  fc.string({ maxLength: 30 }),
  data.map(bytes => Buffer.from(bytes)),
  fc.constant({ nested: { deeper: 'x' } }),
)

const fragments: fc.Arbitrary<FragmentOptions> = fc.record({
  number: fc.bigInt({ min: 0n, max: 10n ** 47n }).map(String),
  timestamp: fc.bigInt({ min: 0n, max: 2n ** 63n }),
  info: fc.constantFrom({}, { timestampScale: 1 }, { timestampScale: 333_333 }, { timestampScale: null }),
  frames: fc.array(frames, { maxLength: 6 }),
  tags: fc.array(fc.tuple(name, value), { maxLength: 4 }),
  headerTags: fc.dictionary(name, value, { maxKeys: 2 }),
  token: fc.constantFrom(null, 'token'),
  producer: fc.constantFrom('pic', 'plain'),
  unknownClusterSize: fc.boolean(),
  withoutCluster: fc.boolean(),
  voidBytes: fc.constantFrom(0, 1, 130),
  crc: fc.boolean(),
  nul: fc.boolean(),
})

const chunk = fc.oneof(
  { weight: 9, arbitrary: fragments.map(fragment) },
  { weight: 1, arbitrary: fc.constant(errorChunk({ id: 4000 })) },
)
export const payloads = fc.array(chunk, { minLength: 1, maxLength: 3 }).map(chunks => payload(...chunks))

/** A place in some bytes, as a share of their length. */
export const place = fc.double({ min: 0, max: 0.9999, noNaN: true })

type Mutation = {
  readonly kind: string
  readonly at: number
  readonly length: number
  readonly bytes: Uint8Array
}
const mutations: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('overwrite', 'flip', 'insert', 'delete', 'duplicate'),
  at: place,
  length: fc.integer({ min: 1, max: 40 }),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 10 }),
})

function mutate(input: Buffer, { kind, at, length, bytes }: Mutation): Buffer {
  const start = Math.floor(at * input.length)
  const [before, after] = [input.subarray(0, start), input.subarray(start)]
  switch (kind) {
    case 'overwrite':
      return Buffer.concat([before, bytes, after.subarray(bytes.length)])
    case 'flip':
      return Buffer.concat([before, Buffer.of((after[0] ?? 0) ^ (1 << (length % 8))), after.subarray(1)])
    case 'insert':
      return Buffer.concat([before, bytes, after])
    case 'delete':
      return Buffer.concat([before, after.subarray(length)])
    default:
      return Buffer.concat([before, after.subarray(0, length), after])
  }
}

export const mutated = fc
  .tuple(payloads, fc.array(mutations, { minLength: 1, maxLength: 4 }))
  .map(([bytes, list]) => list.reduce(mutate, bytes))
