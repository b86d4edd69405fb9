import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** One request as it arrived, with its body read. */
export type RecordedRequest = {
  /** Such as `/getMedia`. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** The body as JSON; `undefined` where it is none. */
  readonly json: unknown
}

/** A step of the script: answers one request. */
export type Handler = (
  request: RecordedRequest,
  response: ServerResponse,
  socket: Socket,
) => void | Promise<void>

export type TestServer = {
  /** `http://127.0.0.1:PORT`, with no slash at its end. */
  readonly url: string
  readonly requests: RecordedRequest[]
  /** Connections that are open now. */
  readonly openSockets: number
  /** Resolves when no connection is open. */
  allClosed(): Promise<void>
  /** Destroys all connections. */
  close(): Promise<void>
}

/** A real HTTP server on loopback that answers by a script. */
export async function startServer(handler: Handler): Promise<TestServer> {
  const sockets = new Set<Socket>()
  const requests: RecordedRequest[] = []
  const waiting: (() => void)[] = []
  const server = createServer((message, response) => {
    response.on('error', () => {})
    void readBody(message).then(body => {
      const request = { path: message.url ?? '', headers: message.headers, body, json: jsonOf(body) }
      requests.push(request)
      return handler(request, response, message.socket)
    })
  })
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      if (sockets.size === 0) for (const resolve of waiting.splice(0)) resolve()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    get openSockets() {
      return sockets.size
    },
    allClosed: () => new Promise(resolve => (sockets.size === 0 ? resolve() : waiting.push(resolve))),
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise(resolve => server.close(() => resolve()))
    },
  }
}

/** Starts a server, runs `use`, and closes the server whatever happens. */
export async function withServer<T>(handler: Handler, use: (server: TestServer) => Promise<T>): Promise<T> {
  const server = await startServer(handler)
  try {
    return await use(server)
  } finally {
    await server.close()
  }
}

/** An error as the service sends it. */
export function sendServiceError(
  response: ServerResponse,
  statusCode: number,
  name: string,
  message: string,
): void {
  response.writeHead(statusCode, {
    'content-type': 'application/json',
    'x-amzn-errortype': name,
    'x-amzn-requestid': 'a2f7c1de-0000-4000-8000-000000000001',
  })
  response.end(JSON.stringify({ Message: message }))
}

async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
