/** What an ADTS header says; for specs. */
export type AdtsHeader = {
  readonly objectType: number
  readonly sampleRateIndex: number
  readonly channels: number
  /** The header has two bytes more; the value in them is not right. */
  readonly hasCrc: boolean
  readonly rawDataBlocks: number
}

/** An ADTS frame (ISO/IEC 14496-3, section 1.A.2.2); AAC LC at 44.1 kHz in mono unless told otherwise. */
export function adts(data: Uint8Array, header: Partial<AdtsHeader> = {}): Buffer {
  const { objectType = 2, sampleRateIndex = 4, channels = 1, hasCrc = false, rawDataBlocks = 1 } = header
  const headerBytes = hasCrc ? 9 : 7
  const length = headerBytes + data.length
  const fields = [
    ['111111111111', 12],
    ...[0, 0b00, hasCrc ? 0 : 1].map((value, index) => [value, index === 1 ? 2 : 1]),
    ...[
      [objectType - 1, 2],
      [sampleRateIndex, 4],
      [0, 1],
      [channels, 3],
      [0, 4],
    ],
    ...[
      [length, 13],
      [0x7ff, 11],
      [rawDataBlocks - 1, 2],
    ],
    ...(hasCrc ? [[0, 16]] : []),
  ] as [number | string, number][]
  const bits = fields
    .map(([value, count]) => (typeof value === 'string' ? value : value.toString(2).padStart(count, '0')))
    .join('')
  const bytes = (bits.match(/.{8}/g) ?? []).map(byte => Number.parseInt(byte, 2))
  return Buffer.concat([Buffer.from(bytes), data])
}
