/** Reads `count` NAL units, each behind a 16-bit length, as avcC and hvcC hold them; `undefined` where the bytes end before. */
export function readNalUnits(
  bytes: Uint8Array,
  offset: number,
  count: number,
): { readonly units: Uint8Array[]; readonly offset: number } | undefined {
  const units: Uint8Array[] = []
  let at = offset
  for (let i = 0; i < count; i++) {
    const high = bytes[at]
    const low = bytes[at + 1]
    if (high === undefined || low === undefined) return undefined
    const end = at + 2 + high * 256 + low
    if (end > bytes.length) return undefined
    units.push(bytes.slice(at + 2, end))
    at = end
  }
  return { units, offset: at }
}
