/** A_MS/ACM: the WAVEFORMATEX structure, little-endian. */
export type WaveFormatData = {
  readonly kind: 'wave-format'
  /** 0x0001 PCM, 0x0006 A-law, 0x0007 mu-law … */
  readonly formatTag: number
  readonly channels: number
  readonly sampleRateHz: number
  readonly bitDepth: number
}

/** V_MS/VFW/FOURCC: the BITMAPINFOHEADER structure, little-endian. */
export type BitmapInfoData = {
  readonly kind: 'bitmap-info'
  readonly fourcc: string
  readonly width: number
  readonly height: number
}

export function readWaveFormat(bytes: Uint8Array): WaveFormatData | undefined {
  if (bytes.length < 16) return undefined
  const view = viewOf(bytes)
  return {
    kind: 'wave-format',
    formatTag: view.getUint16(0, true),
    channels: view.getUint16(2, true),
    sampleRateHz: view.getUint32(4, true),
    bitDepth: view.getUint16(14, true),
  }
}

export function readBitmapInfo(bytes: Uint8Array): BitmapInfoData | undefined {
  if (bytes.length < 20) return undefined
  const view = viewOf(bytes)
  return {
    kind: 'bitmap-info',
    fourcc: String.fromCharCode(...bytes.subarray(16, 20)),
    width: view.getInt32(4, true),
    height: view.getInt32(8, true),
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
