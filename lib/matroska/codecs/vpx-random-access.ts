import type { RandomAccess } from './random-access.ts'

/** How decoding can begin with a frame of VP8, by its frame tag (RFC 6386, section 9.1); `undefined` where the frame is not valid VP8. */
export function vp8RandomAccess(data: Uint8Array): RandomAccess | undefined {
  const [tag] = data
  if (tag === undefined) return undefined
  if ((tag & 1) !== 0) return 'none'
  return data[3] === 0x9d && data[4] === 0x01 && data[5] === 0x2a ? 'full' : undefined
}

/**
 * How decoding can begin with a frame of VP9, by its uncompressed header (VP9 bitstream specification, section 6.2); `undefined`
 * where the frame is not valid VP9. In a superframe the first frame decides: a key frame precedes the frames that refer to it.
 */
export function vp9RandomAccess(data: Uint8Array): RandomAccess | undefined {
  const [head, second] = data
  if (head === undefined || head >> 6 !== FRAME_MARKER) return undefined
  const isProfile3 = (head & PROFILE_BITS) === PROFILE_BITS
  // After the profile, of which 3 has a reserved bit: show_existing_frame, frame_type, show_frame, error_resilient_mode.
  const flags = isProfile3 ? ((head << 1) | ((second ?? 0) >> 7)) & 0x0f : head & 0x0f
  if ((flags & SHOW_EXISTING_FRAME) !== 0 || (flags & NOT_A_KEY_FRAME) !== 0) return 'none'
  const sync = isProfile3 ? syncCode(data, 1) : [...data.subarray(1, 4)]
  return SYNC_CODE.every((byte, index) => sync[index] === byte) ? 'full' : undefined
}

const FRAME_MARKER = 2
const PROFILE_BITS = 0x30
const SHOW_EXISTING_FRAME = 0x08
const NOT_A_KEY_FRAME = 0x04
const SYNC_CODE = [0x49, 0x83, 0x42]

/** Three bytes that begin one bit after `start`. */
function syncCode(data: Uint8Array, start: number): number[] {
  return [0, 1, 2].map(index => {
    const [high = 0, low = 0] = data.subarray(start + index, start + index + 2)
    return ((high << 1) | (low >> 7)) & 0xff
  })
}
