/** Joined pieces are of so many bytes at most; larger ones are handed on as they are. */
const MOST_BYTES = 256 * 1024

/** The same bytes in fewer pieces: a write of its own for each small frame costs more than its copy. */
export function* largerPieces(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
  let held: Uint8Array[] = []
  let heldBytes = 0
  for (const piece of pieces) {
    if (heldBytes > 0 && heldBytes + piece.length > MOST_BYTES) {
      yield joined(held)
      held = []
      heldBytes = 0
    }
    held.push(piece)
    heldBytes += piece.length
  }
  if (heldBytes > 0) yield joined(held)
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
}
