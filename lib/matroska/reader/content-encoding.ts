import { inflateSync } from 'node:zlib'
import { MkvLimitError, MkvSyntaxError } from '../../core/errors.ts'
import type { ElementTree } from '../ebml/element-tree.ts'
import { ELEMENT_IDS as ID } from '../schema/elements.ts'

/**
 * A track's ContentEncodings (RFC 9559, section 5.1.4.1.31) undone: header stripping and zlib.
 * Encrypted frames are handed on as they are; bzlib and lzo1x are refused when a frame of such a track comes.
 */
export type ContentDecoder = {
  /** Restores one frame. */
  readonly frame: (data: Uint8Array, where: Where) => Uint8Array
  /** Restores the CodecPrivate, where the encoding covers it. */
  readonly codecPrivate: (data: Uint8Array, where: Where) => Uint8Array
  readonly encrypted: boolean
}

/** The block that a frame came in, and the limit for what it becomes. */
type Where = {
  readonly byteOffset: number
  readonly elementPath: string
  readonly maxFrameBytes: number
}
type Step = (data: Uint8Array, where: Where) => Uint8Array

const SCOPE_FRAMES = 1
const SCOPE_CODEC_PRIVATE = 2
const TYPE_ENCRYPTION = 1
const ALGORITHM_NAMES = ['zlib', 'bzlib', 'lzo1x', 'header stripping']

/** The decoder of a TrackEntry; `undefined` for a track without encodings. */
export function contentDecoder(trackEntry: ElementTree): ContentDecoder | undefined {
  const encodings = [...(trackEntry.master(ID.ContentEncodings)?.masters(ID.ContentEncoding) ?? [])]
  if (encodings.length === 0) return undefined
  // The highest order was applied last when writing, so it is undone first.
  const ordered = encodings.toSorted(
    (a, b) => (b.uint(ID.ContentEncodingOrder) ?? 0) - (a.uint(ID.ContentEncodingOrder) ?? 0),
  )
  const encrypted = ordered.some(isEncryption)
  return {
    encrypted,
    frame: chain(ordered, SCOPE_FRAMES),
    codecPrivate: chain(ordered, SCOPE_CODEC_PRIVATE),
  }
}

function isEncryption(encoding: ElementTree): boolean {
  return encoding.uint(ID.ContentEncodingType) === TYPE_ENCRYPTION
}

/** What lies under an encryption cannot be undone either, so that the frames stay as they were sent. */
function chain(encodings: readonly ElementTree[], scope: number): Step {
  const covered = encodings.filter(
    encoding => ((encoding.uint(ID.ContentEncodingScope) ?? SCOPE_FRAMES) & scope) !== 0,
  )
  const encryptedAt = covered.findIndex(isEncryption)
  const steps = (encryptedAt === -1 ? covered : covered.slice(0, encryptedAt)).map(decompression)
  return (data, where) => steps.reduce((bytes, step) => step(bytes, where), data)
}

function decompression(encoding: ElementTree): Step {
  const compression = encoding.master(ID.ContentCompression)
  const algorithm = compression?.uint(ID.ContentCompAlgo) ?? 0
  if (algorithm === 3) return restoreHeader(compression?.bytes(ID.ContentCompSettings) ?? new Uint8Array(0))
  if (algorithm === 0) return inflate
  const name = ALGORITHM_NAMES[algorithm] ?? `algorithm ${algorithm}`
  return (_data, { byteOffset, elementPath }) => {
    throw new MkvSyntaxError(
      `a track compressed by ${name}, which is not supported,`,
      byteOffset,
      elementPath,
    )
  }
}

function restoreHeader(header: Uint8Array): Step {
  const prefix = Uint8Array.from(header)
  return data => {
    const length = prefix.length + data.length
    const restored = Buffer.isBuffer(data) ? Buffer.allocUnsafe(length) : new Uint8Array(length)
    restored.set(prefix)
    restored.set(data, prefix.length)
    return restored
  }
}

function inflate(data: Uint8Array, { byteOffset, elementPath, maxFrameBytes }: Where): Uint8Array {
  // An empty frame has nothing to inflate, and writers store it as it is.
  if (data.length === 0) return data
  try {
    return inflateSync(data, { maxOutputLength: maxFrameBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new MkvLimitError(
        `a frame that inflates to more than ${maxFrameBytes} bytes`,
        'maxFrameBytes',
        byteOffset,
        elementPath,
      )
    }
    throw new MkvSyntaxError(
      `zlib data that cannot be inflated (${(error as Error).message})`,
      byteOffset,
      elementPath,
    )
  }
}
