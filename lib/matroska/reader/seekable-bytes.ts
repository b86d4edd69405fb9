/** The bytes of a payload at any position, as of a file. Both offsets count from the payload's first byte. */
export type SeekableBytes = {
  /** Bytes in all. */
  readonly size: number
  /** Reads `length` bytes from `byteOffset` on, fewer where the payload ends before. They must not change afterwards. */
  read(byteOffset: number, length: number): Uint8Array
}
