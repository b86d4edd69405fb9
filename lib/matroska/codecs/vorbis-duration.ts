/** The settings that determine the durations of Vorbis packets (Vorbis I specification, sections 4.2.2 and 4.2.4). */
type VorbisConfig = {
  readonly sampleRateHz: number
  /** Samples of a short and of a long block. */
  readonly blockSizes: readonly [short: number, long: number]
  /** By mode number: whether its blocks are long. */
  readonly modes: readonly boolean[]
}

/**
 * Reads the durations of the packets of one Vorbis stream, which must be passed in their order. A packet gives a quarter of
 * its predecessor's block and a quarter of its own; the first packet of a stream, only its own.
 * `undefined` where the CodecPrivate does not hold the three header packets.
 */
export function vorbisDurationReader(
  codecPrivate: Uint8Array,
): ((frame: Uint8Array) => number | undefined) | undefined {
  const config = readVorbisConfig(codecPrivate)
  if (config === undefined) return undefined
  const { sampleRateHz, blockSizes, modes } = config
  const modeBits = 32 - Math.clz32(modes.length - 1)
  let previousSize = 0
  return packet => {
    const [head] = packet
    // The lowest bit marks a header packet.
    if (head === undefined || (head & 1) !== 0) return undefined
    const isLong = modes[(head >> 1) & ((1 << modeBits) - 1)]
    if (isLong === undefined) return undefined
    const size = blockSizes[isLong ? 1 : 0]
    // A long block says itself what its predecessor was, which helps where packets are lost.
    if (isLong && previousSize > 0) previousSize = blockSizes[(head >> (1 + modeBits)) & 1]!
    const samples = (previousSize + size) / 4
    previousSize = size
    return (samples * 1000) / sampleRateHz
  }
}

const IDENTIFICATION = 1
const SETUP = 5
const MIN_IDENTIFICATION_BYTES = 30

function readVorbisConfig(codecPrivate: Uint8Array): VorbisConfig | undefined {
  const [identification, , setup] = headerPackets(codecPrivate) ?? []
  if (identification === undefined || identification.length < MIN_IDENTIFICATION_BYTES) return undefined
  if (identification[0] !== IDENTIFICATION || setup?.[0] !== SETUP) return undefined
  const view = new DataView(identification.buffer, identification.byteOffset, identification.length)
  const sampleRateHz = view.getUint32(12, true)
  const exponents = identification[28]!
  const modes = readModes(setup)
  if (sampleRateHz === 0 || modes === undefined) return undefined
  return { sampleRateHz, blockSizes: [1 << (exponents & 0x0f), 1 << (exponents >> 4)], modes }
}

/** The three headers, laced as Xiph does: their number less one, the sizes of the first two, the packets. */
function headerPackets(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  if (bytes[0] !== 2) return undefined
  const sizes: number[] = []
  let at = 1
  for (let size = 0; sizes.length < 2; at++) {
    const byte = bytes[at]
    if (byte === undefined) return undefined
    size += byte
    if (byte === 255) continue
    sizes.push(size)
    size = 0
  }
  const [first, second] = sizes as [number, number]
  if (at + first + second > bytes.length) return undefined
  const setupStart = at + first + second
  return [bytes.subarray(at, at + first), bytes.subarray(at + first, setupStart), bytes.subarray(setupStart)]
}

/** Bits of a mode: its block flag, window type (16, always 0), transform type (16, always 0), mapping (8). */
const MODE_BITS = 41
const MAX_MODES = 64

/**
 * The modes are the last part of the setup header: only a decoder needs the long part before them.
 * They are read from the end, where a framing bit stands, back to the count that fits their number.
 */
function readModes(setup: Uint8Array): readonly boolean[] | undefined {
  const bits = new BitsFromEnd(setup)
  while (bits.left > 0 && bits.read(1) === 0) {}
  const backwards: boolean[] = []
  let modes: readonly boolean[] | undefined
  while (backwards.length < MAX_MODES && bits.left >= MODE_BITS + 6) {
    const mapping = bits.read(8)
    if (mapping >= MAX_MODES || bits.read(16) !== 0 || bits.read(16) !== 0) break
    backwards.push(bits.read(1) === 1)
    if (bits.peek(6) + 1 === backwards.length) modes = backwards.toReversed()
  }
  return modes
}

/** Vorbis packs values from the lowest bit on: from the end, each value's highest bit comes first. */
class BitsFromEnd {
  readonly #bytes: Uint8Array
  #bit = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length * 8 - this.#bit
  }

  read(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++, this.#bit++) {
      const byte = this.#bytes[this.#bytes.length - 1 - (this.#bit >> 3)] ?? 0
      value = value * 2 + ((byte >> (7 - (this.#bit & 7))) & 1)
    }
    return value
  }

  peek(count: number): number {
    const bit = this.#bit
    const value = this.read(count)
    this.#bit = bit
    return value
  }
}
