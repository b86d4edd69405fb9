import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { connect } from 'node:tls'
import aws4 from 'aws4'

/** How the service left a connection: by a FIN, or by a reset. */
export type ConnectionEnd = 'fin' | 'reset'

/** Where a producer connects to, and whose certificate it trusts. */
export type RawTarget = {
  readonly url: string
  readonly ca?: string
  /** @default 'us-east-1' */
  readonly region?: string
  /** @default true */
  readonly isAcknowledged?: boolean
}

/**
 * A PutMedia call on a bare socket: the bytes of the response as they are on the wire, and how the connection ended.
 *
 * ```ts
 * const producer = await RawProducer.connect({ url: emulator.url })
 * producer.send(mkv)
 * const end = await producer.closed
 * ```
 */
export class RawProducer {
  readonly socket: Socket
  /** How the service ended the connection. The producer's own side stays open until `destroy`. */
  readonly closed: Promise<ConnectionEnd>
  #received = ''
  #wake: () => void = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.#received += text
      this.#wake()
    })
    this.closed = new Promise(resolve => {
      socket.once('end', () => resolve('fin'))
      socket.once('error', () => resolve('reset'))
      // A TLS connection that is reset may close without an error.
      socket.once('close', () => resolve('reset'))
    })
  }

  static async connect(target: RawTarget): Promise<RawProducer> {
    const { url, ca } = target
    const { hostname: host, port, protocol } = new URL(url)
    const options = { host, port: Number(port), allowHalfOpen: true }
    const isTls = protocol === 'https:'
    const socket = isTls
      ? connect({ ...options, ...(ca !== undefined && { ca }) })
      : createConnection(options)
    await once(socket, isTls ? 'secureConnect' : 'connect')
    const producer = new RawProducer(socket)
    socket.write(requestHead(target))
    return producer
  }

  /** All of the response that has come. */
  get received(): string {
    return this.#received
  }

  /** The acknowledgements in it, as `EVENT timecode`. */
  get acks(): string[] {
    const lines = this.#received.match(/\{"EventType".*\}/g) ?? []
    return lines.map(line => {
      const { EventType, FragmentTimecode } = JSON.parse(line) as Record<string, unknown>
      return `${EventType} ${FragmentTimecode}`
    })
  }

  /** Whether the chunk that ends a chunked body has come. */
  get hasLastChunk(): boolean {
    return this.#received.endsWith('\r\n0\r\n\r\n')
  }

  /** Sends bytes as one chunk of the upload. */
  send(bytes: Uint8Array): void {
    if (this.socket.destroyed) return
    this.socket.write(`${bytes.length.toString(16)}\r\n`)
    this.socket.write(bytes)
    this.socket.write('\r\n')
  }

  /** Resolves when the response holds a text. */
  async until(text: string): Promise<void> {
    while (!this.#received.includes(text)) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  destroy(): void {
    this.socket.destroy()
  }
}

function requestHead({ url, region = 'us-east-1', isAcknowledged = true }: RawTarget): string {
  const { host } = new URL(url)
  const signed = aws4.sign(
    {
      ...{ method: 'POST', service: 'kinesisvideo', path: '/putMedia', region, host },
      headers: {
        'x-amzn-stream-name': 'door',
        'x-amzn-fragment-timecode-type': 'RELATIVE',
        'x-amzn-producer-start-timestamp': '1700000000.000',
        'x-amzn-fragment-acknowledgment-required': isAcknowledged ? '1' : '0',
        'transfer-encoding': 'chunked',
      },
    },
    { accessKeyId: 'test', secretAccessKey: 'test' },
  )
  const headers = Object.entries(signed.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST /putMedia HTTP/1.1\r\n${headers.join('')}\r\n`
}
