/** Bytes of ISO base media boxes (ISO/IEC 14496-12, section 4.2). */

export function box(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const payload = Buffer.concat(parts)
  const head = Buffer.alloc(8)
  head.writeUInt32BE(head.length + payload.length)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, payload])
}

/** A box with a version and 24 bits of flags. */
export function fullBox(
  type: string,
  version: number,
  flags: number,
  ...parts: readonly Uint8Array[]
): Buffer {
  return box(type, u32(version * 0x1_00_00_00 + flags), ...parts)
}

export function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index)
  return bytes
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

export type Box = { readonly type: string; readonly bytes: Uint8Array; readonly payload: Uint8Array }

/** The boxes that lie one after the other in `bytes`, none of them of more than 4 GiB. */
export function boxesIn(bytes: Uint8Array): Box[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const boxes: Box[] = []
  for (let at = 0; at < view.length; ) {
    const end = at + view.readUInt32BE(at)
    const type = view.toString('latin1', at + 4, at + 8)
    boxes.push({ type, bytes: view.subarray(at, end), payload: view.subarray(at + 8, end) })
    at = end
  }
  return boxes
}
