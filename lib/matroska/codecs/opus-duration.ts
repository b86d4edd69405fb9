/** Milliseconds of a frame by configuration number (RFC 6716, section 3.1, table 2): SILK, hybrid, CELT. */
const SILK_MS = [10, 20, 40, 60]
const HYBRID_MS = [10, 20]
const CELT_MS = [2.5, 5, 10, 20]
const FIRST_HYBRID = 12
const FIRST_CELT = 16
/** A packet holds at most 120 ms (RFC 6716, section 3.2.5). */
const MAX_PACKET_MS = 120

/** How long an Opus packet lasts, from its TOC byte and frame count; `undefined` where the packet is not valid. */
export function opusDurationMs(packet: Uint8Array): number | undefined {
  const [toc, countByte] = packet
  if (toc === undefined) return undefined
  const frames = frameCount(toc & 0x03, countByte)
  if (frames === undefined || frames === 0) return undefined
  const packetMs = frames * frameMs(toc >> 3)
  return packetMs <= MAX_PACKET_MS ? packetMs : undefined
}

function frameMs(config: number): number {
  if (config < FIRST_HYBRID) return SILK_MS[config & 0x03]!
  return config < FIRST_CELT ? HYBRID_MS[config & 0x01]! : CELT_MS[config & 0x03]!
}

/** Codes 0 to 2 fix the number of frames; code 3 has it in the six low bits of the next byte. */
function frameCount(code: number, countByte: number | undefined): number | undefined {
  if (code === 0) return 1
  if (code < 3) return 2
  return countByte === undefined ? undefined : countByte & 0x3f
}
