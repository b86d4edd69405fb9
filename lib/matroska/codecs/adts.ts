import { aacConfig, aacSampleRate } from './aac.ts'

/** An ADTS frame: a header of 7 or, with a CRC, 9 bytes, then raw AAC (ISO/IEC 14496-3, section 1.A.2.2). */
export type AdtsFrame = {
  /** 1 Main, 2 LC, 3 SSR, 4 LTP. */
  readonly objectType: number
  readonly sampleRateHz: number
  /** 0 where a program config element in the frame tells the channels. */
  readonly channelConfiguration: number
  /** Raw data blocks in the frame, from 1. Without a CRC nothing tells where the second one begins. */
  readonly rawDataBlocks: number
  /** The frame without its header: a view. */
  readonly data: Uint8Array
}

const HEADER_BYTES = 7
const CRC_BYTES = 2

/**
 * The ADTS frames that `bytes` consist of, one after the other; `undefined` where these are not ADTS from the first byte to
 * the last. Raw AAC never passes: a frame of it that began with the sync word would be empty, as its first three bits say.
 */
export function adtsFrames(bytes: Uint8Array): readonly AdtsFrame[] | undefined {
  const frames: AdtsFrame[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = adtsFrameLength(bytes, at)
    if (length === undefined || at + length > bytes.length) return undefined
    frames.push(readFrame(bytes.subarray(at, at + length)))
    at += length
  }
  return frames.length === 0 ? undefined : frames
}

/**
 * A block that begins with an ADTS header whose length does not fit the block, without that header: to be asked only of a
 * track whose other blocks are ADTS. `undefined` where there is no header.
 */
export function damagedAdtsFrame(bytes: Uint8Array): AdtsFrame | undefined {
  return adtsFrameLength(bytes, 0) === undefined ? undefined : readFrame(bytes)
}

/** Length of the ADTS frame at `at` with its header, as the header says; `undefined` where there is no header. */
function adtsFrameLength(bytes: Uint8Array, at: number): number | undefined {
  if (at + HEADER_BYTES > bytes.length) return undefined
  const [second, third] = [bytes[at + 1]!, bytes[at + 2]!]
  // The sync word, and layer 0, which distinguishes it from MPEG audio.
  if (bytes[at] !== 0xff || (second & 0xf6) !== 0xf0) return undefined
  if (aacSampleRate((third >> 2) & 0x0f) === undefined) return undefined
  const length = ((bytes[at + 3]! & 0x03) << 11) | (bytes[at + 4]! << 3) | (bytes[at + 5]! >> 5)
  return length >= headerBytes(second) ? length : undefined
}

function headerBytes(second: number): number {
  return (second & 0x01) === 0 ? HEADER_BYTES + CRC_BYTES : HEADER_BYTES
}

function readFrame(bytes: Uint8Array): AdtsFrame {
  const [, second = 0, third = 0, fourth = 0, , , seventh = 0] = bytes
  return {
    objectType: (third >> 6) + 1,
    sampleRateHz: aacSampleRate((third >> 2) & 0x0f)!,
    channelConfiguration: ((third & 0x01) << 2) | (fourth >> 6),
    rawDataBlocks: (seventh & 0x03) + 1,
    data: bytes.subarray(headerBytes(second)),
  }
}

/** The AudioSpecificConfig that a frame's header tells; `undefined` where the channels are only told inside the frame. */
export function adtsConfig(frame: AdtsFrame): Uint8Array | undefined {
  return aacConfig(frame)
}
