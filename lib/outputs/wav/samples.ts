import { ALAW, MULAW } from './g711.ts'
import type { PcmEncoding } from './pcm-format.ts'

/** How samples stand in a WAV file: always little-endian, and 8-bit ones as 16, so that silence is zero everywhere. */
export type SampleType = { readonly bytes: 2 | 3 | 4 | 8; readonly isFloat: boolean }

const SOURCE_BYTES: Readonly<Record<PcmEncoding, number>> = {
  ...{ u8: 1, mulaw: 1, alaw: 1, s16le: 2, s16be: 2, s24le: 3, s24be: 3 },
  ...{ s32le: 4, s32be: 4, f32le: 4, f64le: 8 },
}

export function sampleTypeOf(encoding: PcmEncoding): SampleType {
  const bytes = SOURCE_BYTES[encoding]
  return { bytes: Math.max(2, bytes) as SampleType['bytes'], isFloat: encoding.startsWith('f') }
}

/** A frame's samples as a WAV file has them; a view where nothing has to change. What is left of half a sample is left out. */
export function wavSamples(data: Uint8Array, encoding: PcmEncoding, channels: number): Uint8Array {
  const bytes = SOURCE_BYTES[encoding]
  const whole = data.subarray(0, data.length - (data.length % (bytes * channels)))
  switch (encoding) {
    case 'mulaw':
      return expand(whole, MULAW)
    case 'alaw':
      return expand(whole, ALAW)
    case 'u8':
      return expand(whole, UNSIGNED_8)
    case 's16be':
    case 's24be':
    case 's32be':
      return swapped(whole, bytes)
    default:
      return whole
  }
}

const UNSIGNED_8 = Int16Array.from({ length: 256 }, (_, byte) => (byte - 128) * 256)

function expand(data: Uint8Array, table: Int16Array): Uint8Array {
  const samples = Buffer.alloc(data.length * 2)
  for (let i = 0; i < data.length; i++) samples.writeInt16LE(table[data[i]!]!, i * 2)
  return samples
}

function swapped(data: Uint8Array, bytes: number): Uint8Array {
  const samples = new Uint8Array(data.length)
  for (let i = 0; i < data.length; i++) samples[i] = data[i - (i % bytes) + bytes - 1 - (i % bytes)]!
  return samples
}
