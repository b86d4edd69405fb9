/** What the samples of a WAV file are. */
export type WavLayout = {
  readonly sampleRateHz: number
  readonly channels: number
  readonly bytesPerSample: number
  readonly isFloat: boolean
}

const FORMAT_PCM = 0x0001
const FORMAT_FLOAT = 0x0003
/** A RIFF size has 32 bits, and counts what follows it. */
const MOST_RIFF_BYTES = 0xffff_ffff

/** Bytes before the samples: 44, and 58 for floats, which need a `fact` chunk. */
export function wavHeaderBytes({ isFloat }: WavLayout): number {
  return isFloat ? 58 : 44
}

/** Bytes of samples that a file of this layout can hold, in whole sample frames. */
export function mostDataBytes(layout: WavLayout): number {
  const room = MOST_RIFF_BYTES - wavHeaderBytes(layout)
  return room - (room % (layout.channels * layout.bytesPerSample))
}

/** The header of a WAV file (Microsoft, "Multimedia Programming Interface and Data Specifications 1.0"; RFC 2361). */
export function wavHeader(layout: WavLayout, dataBytes: number): Buffer {
  const { sampleRateHz, channels, bytesPerSample, isFloat } = layout
  const blockAlign = channels * bytesPerSample
  const format = Buffer.alloc(isFloat ? 18 : 16)
  format.writeUInt16LE(isFloat ? FORMAT_FLOAT : FORMAT_PCM, 0)
  format.writeUInt16LE(channels, 2)
  format.writeUInt32LE(sampleRateHz, 4)
  format.writeUInt32LE(sampleRateHz * blockAlign, 8)
  format.writeUInt16LE(blockAlign, 12)
  format.writeUInt16LE(bytesPerSample * 8, 14)
  const fact = isFloat ? [chunkHead('fact', 4), uint32(dataBytes / blockAlign)] : []
  // A chunk of odd length is padded, and the RIFF size counts the pad.
  const riffBytes = wavHeaderBytes(layout) - 8 + dataBytes + (dataBytes % 2)
  return Buffer.concat([
    ...[chunkHead('RIFF', riffBytes), Buffer.from('WAVE', 'ascii')],
    ...[chunkHead('fmt ', format.length), format, ...fact, chunkHead('data', dataBytes)],
  ])
}

function chunkHead(id: string, bytes: number): Buffer {
  return Buffer.concat([Buffer.from(id, 'ascii'), uint32(bytes)])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
