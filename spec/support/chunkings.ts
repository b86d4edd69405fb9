/** Ways to cut the same bytes, all of which must give the same events. */

import { randomFrom } from '../../lib/emulator/faults/seeded-random.ts'

export { randomFrom }

/** A name for the failing case, and the portions. */
export type Chunking = { readonly name: string; readonly chunks: readonly Uint8Array[] }

/** The bytes whole, one at a time, and in two at each place: give it small inputs. */
export function* chunkings(bytes: Uint8Array): Generator<Chunking> {
  yield { name: 'whole', chunks: [bytes] }
  yield { name: 'one byte at a time', chunks: cutEvery(bytes, 1) }
  for (let cut = 1; cut < bytes.length; cut++) {
    yield { name: `cut at ${cut}`, chunks: [bytes.subarray(0, cut), bytes.subarray(cut)] }
  }
}

/** The bytes in portions of so many. */
export function cutEvery(bytes: Uint8Array, length: number): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let start = 0; start < bytes.length; start += length)
    chunks.push(bytes.subarray(start, start + length))
  return chunks
}

/** The bytes cut at given places, in any order, or at places drawn from a seed: same seed, same cuts. */
export function randomCuts(bytes: Uint8Array, seedOrCuts: number | readonly number[]): Uint8Array[] {
  const cuts = typeof seedOrCuts === 'number' ? drawCuts(bytes.length, seedOrCuts) : seedOrCuts
  const places = [...new Set(cuts.filter(cut => cut > 0 && cut < bytes.length))].sort((a, b) => a - b)
  return [0, ...places].map((start, index) => bytes.subarray(start, places[index] ?? bytes.length))
}

/** Portions from one byte to some hundred thousand, small ones as likely as large ones. */
function drawCuts(length: number, seed: number): number[] {
  const random = randomFrom(seed)
  const cuts: number[] = []
  for (let place = 0; place < length; ) {
    place += Math.ceil(2 ** (random() * 17))
    cuts.push(place)
  }
  return cuts
}
