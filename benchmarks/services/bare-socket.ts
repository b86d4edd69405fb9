/** Sends so many bytes to whoever connects, and closes: the least that a server does. */
import { type AddressInfo, createServer } from 'node:net'

const PIECE_BYTES = 1_048_576

export async function serve({ bytes }: { readonly bytes: number }): Promise<number> {
  const piece = Buffer.alloc(PIECE_BYTES)
  const server = createServer(socket => {
    let left = Math.ceil(bytes / piece.length)
    const send = (): void => {
      while (left-- > 0) if (!socket.write(piece)) return void socket.once('drain', send)
      socket.end()
    }
    socket.on('error', () => {})
    send()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
