import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'

/**
 * Bounds the connections on which no request is under way: beyond `most`, the one that idles longest is closed. So
 * thousands of silent connections cost little, and shut nobody out.
 */
export function boundIdleConnections(server: Server, most: number): void {
  // A Set keeps the order in which connections fell idle.
  const idle = new Set<Socket>()
  // A client may send its next request before the answer to the last one.
  const underWay = new WeakMap<Socket, number>()
  const count = (socket: Socket, change: number) => {
    const requests = (underWay.get(socket) ?? 0) + change
    underWay.set(socket, requests)
    if (requests > 0) idle.delete(socket)
    else if (!socket.destroyed) idle.add(socket)
    const oldest = idle.size > most ? idle.values().next().value : undefined
    if (oldest === undefined) return
    idle.delete(oldest)
    oldest.destroy()
  }
  // A TLS connection is one socket over another, and requests come by the upper one.
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    socket.once('close', () => idle.delete(socket))
    count(socket, 0)
  })
  server.on('request', (request, response) => {
    count(request.socket, 1)
    response.once('close', () => count(request.socket, -1))
  })
}
