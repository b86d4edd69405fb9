import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import type { Readable } from 'node:stream'
import type { SeekableBytes } from '../matroska/index.ts'

/** The input of a command: a file, or standard input for `-`. */
export type InputFile = {
  readonly stream: Readable
  /** Absent where the bytes come only once, as from a pipe. */
  readonly seekable?: SeekableBytes
}

/** Opens it; a file that cannot be opened shows as an error of the stream. */
export function openInputFile(file: string): InputFile {
  if (file === '-') return { stream: process.stdin }
  const stream = createReadStream(file, { highWaterMark: 256 * 1024 })
  const seekable = openSeekable(file, stream)
  return { stream, ...(seekable === undefined ? {} : { seekable }) }
}

/** Of an ordinary file. It is open as long as the stream. */
function openSeekable(file: string, stream: Readable): SeekableBytes | undefined {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch {
    return undefined
  }
  const stats = fstatSync(descriptor)
  if (!stats.isFile()) {
    closeSync(descriptor)
    return undefined
  }
  stream.once('close', () => closeSync(descriptor))
  return {
    size: stats.size,
    read(byteOffset, length) {
      const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, stats.size - byteOffset)))
      const count = readSync(descriptor, bytes, 0, bytes.length, byteOffset)
      return bytes.subarray(0, count)
    },
  }
}
