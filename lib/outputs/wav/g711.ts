/** Each byte of G.711 as a sample of 16 bits (ITU-T G.711, tables 1a and 2a; the 13 and 14 bits at the top). */

/** mu-law, WAVE format 0x0007. */
export const MULAW: Int16Array = Int16Array.from({ length: 256 }, (_, byte) => {
  const inverted = ~byte & 0xff
  const exponent = (inverted >> 4) & 0x07
  const magnitude = ((((inverted & 0x0f) << 3) + 0x84) << exponent) - 0x84
  return inverted & 0x80 ? -magnitude : magnitude
})

/** A-law, WAVE format 0x0006: every other bit is inverted on the line. */
export const ALAW: Int16Array = Int16Array.from({ length: 256 }, (_, byte) => {
  const code = byte ^ 0x55
  const exponent = (code >> 4) & 0x07
  const mantissa = ((code & 0x0f) << 4) + 8
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1)
  return code & 0x80 ? magnitude : -magnitude
})
