import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'

/** The TCP connections under TLS, by both addresses of each. */
const tcpSockets = new Map<string, Socket>()

/** Keeps the TCP connection of each TLS connection in reach: a TLS socket itself cannot send a TCP reset. */
export function rememberTcpSockets(server: Server): void {
  if (!(server instanceof TlsServer)) return
  server.on('connection', (socket: Socket) => {
    const addresses = addressesOf(socket)
    tcpSockets.set(addresses, socket)
    socket.once('close', () => {
      if (tcpSockets.get(addresses) === socket) tcpSockets.delete(addresses)
    })
  })
}

/** Ends a connection with a TCP reset, whether TLS is on it or not. */
export function resetConnection(socket: Socket): void {
  const tcpSocket = tcpSockets.get(addressesOf(socket)) ?? socket
  tcpSocket.resetAndDestroy()
  if (tcpSocket !== socket) socket.destroy()
}

function addressesOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return [localAddress, localPort, remoteAddress, remotePort].join(' ')
}
