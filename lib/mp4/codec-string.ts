/** Codec strings as browsers want them in a MIME type (RFC 6381), of the private data that MP4 carries. */

/** `hvc1.1.6.L93.B0`, of an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, section E.3). */
export function hevcCodecString(record: Uint8Array): string {
  const [, profileByte = 0] = record
  const space = ['', 'A', 'B', 'C'][profileByte >> 6] ?? ''
  const tier = (profileByte & 0x20) === 0 ? 'L' : 'H'
  const constraints = [...record.subarray(6, 12)]
  while (constraints.at(-1) === 0) constraints.pop()
  return [
    'hvc1',
    `${space}${profileByte & 0x1f}`,
    reversedBits(record.subarray(2, 6)).toString(16).toUpperCase(),
    `${tier}${record[12]}`,
    ...constraints.map(byte => byte.toString(16).toUpperCase()),
  ].join('.')
}

function reversedBits(bytes: Uint8Array): number {
  let value = 0
  for (const byte of bytes.toReversed())
    for (let bit = 0; bit < 8; bit++) value = value * 2 + ((byte >> bit) & 1)
  return value
}
