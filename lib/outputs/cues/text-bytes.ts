/**
 * The bytes of a text up to its first NUL. Text in Matroska ends there, as EBML strings do (RFC 8794, section 7.4), and
 * players show nothing after it.
 */
export function textBytes(data: Uint8Array): Uint8Array {
  const end = data.indexOf(0)
  return end === -1 ? data : data.subarray(0, end)
}
