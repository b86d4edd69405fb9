import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { END_OF_FRAGMENT } from './producer-media.ts'
import type { Ack } from './put-media-client.ts'

/** Largest HTTP chunk of the C producer: libcurl's upload buffer less the chunk's own framing. */
const MAX_CHUNK_BYTES = 65_524
/** MAX_ACK_FRAGMENT_LEN. */
const MAX_ACK_BYTES = 1024

export type CProducerOptions = {
  readonly url: string
  readonly streamName: string
  /** With retention 0 nothing is persisted, and RECEIVED is the last word on a fragment. @default true */
  readonly waitsForPersisted?: boolean
  /** Media without a newer BUFFERING after which the connection is given up as stale. @default 5000 */
  readonly stalenessMs?: number
}

/** A fragment of media, as it goes out. */
export type CFragment = {
  /** The Cluster's timestamp in ticks. */
  readonly timecode: number
  /** Each with the media time at which it ends, from the fragment's start. */
  readonly parts: readonly { readonly bytes: Uint8Array; readonly untilMs: number }[]
}

/**
 * AWS's C producer as the service sees it, on raw sockets: HTTP/1.1, a connection of its own for each call, `connection`
 * and `transfer-encoding` among the signed headers, and acknowledgements accepted one to an HTTP chunk only.
 */
export class CProducer {
  readonly options: Required<CProducerOptions>

  constructor(options: CProducerOptions) {
    this.options = { waitsForPersisted: true, stalenessMs: 5000, ...options }
  }

  /** A control call such as `/describeStream`. */
  async call(
    path: string,
    members: object,
  ): Promise<{ readonly statusCode: number; readonly json: unknown }> {
    const body = JSON.stringify(members)
    const headers = { 'content-type': 'application/json', 'user-agent': USER_AGENT }
    const socket = await open(this.options.url)
    const response = new ResponseReader(socket)
    socket.write(
      `${requestHead(this.options.url, path, headers, body)}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
    const { statusCode, headers: answered } = await response.head()
    const text = await response.bytes(Number(answered['content-length']))
    socket.destroy()
    return { statusCode, json: JSON.parse(text.toString()) }
  }

  /** Opens a PutMedia connection, up to the interim response to `Expect`; no media goes yet. */
  async openSession(startMs = 1_700_000_000_005): Promise<CSession> {
    const headers = {
      'user-agent': USER_AGENT,
      'x-amzn-stream-name': this.options.streamName,
      // The milliseconds are not padded: .5 here means 5 ms to the producer.
      'x-amzn-producer-start-timestamp': `${Math.floor(startMs / 1000)}.${startMs % 1000}`,
      'x-amzn-fragment-acknowledgment-required': '1',
      'x-amzn-fragment-timecode-type': 'RELATIVE',
      'transfer-encoding': 'chunked',
      connection: 'keep-alive',
    }
    const socket = await open(this.options.url)
    const session = new CSession(socket, this.options)
    socket.write(`${requestHead(this.options.url, '/putMedia', headers, '')}Expect: 100-continue\r\n\r\n`)
    await session.continued
    return session
  }
}

/** One PutMedia connection. */
export class CSession {
  readonly acks: Ack[] = []
  /** The final status, once it has come; it is not there before the first media. */
  statusCode: number | undefined
  /** Resolves with the interim response. */
  readonly continued: Promise<void>
  /** Resolves when the response has ended, or the connection is no more; rejects for what the C producer rejects. */
  readonly ended: Promise<void>
  readonly #socket: Socket
  readonly #options: Required<CProducerOptions>
  readonly #timecodes = new Set<number>()
  #wake: () => void = () => {}
  #isOver = false
  #failure: unknown

  constructor(socket: Socket, options: Required<CProducerOptions>) {
    this.#socket = socket
    this.#options = options
    const response = new ResponseReader(socket)
    this.continued = response.head().then(({ statusCode }) => {
      if (statusCode !== 100) throw new Error(`Expect was answered with ${statusCode}`)
    })
    this.ended = this.continued
      .then(() => this.#follow(response))
      .catch((error: unknown) => {
        this.#failure = error
      })
      .then(() => {
        this.#isOver = true
        this.#wake()
        if (this.#failure !== undefined) throw this.#failure
      })
    this.ended.catch(() => {})
  }

  /** Sends bytes in chunks as the C producer cuts them. */
  async send(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length; from += MAX_CHUNK_BYTES) {
      const part = bytes.subarray(from, from + MAX_CHUNK_BYTES)
      const framed = Buffer.concat([
        Buffer.from(`${part.length.toString(16)}\r\n`),
        part,
        Buffer.from('\r\n'),
      ])
      if (!this.#socket.write(framed) && !this.#socket.destroyed) {
        await Promise.race([once(this.#socket, 'drain'), once(this.#socket, 'close')])
      }
    }
  }

  /**
   * Sends a fragment; gives `stale` where its media outran the newest BUFFERING by more than the producer bears, which
   * resets the connection, and `failed` where the service has ended the session.
   */
  async sendFragment({ timecode, parts }: CFragment): Promise<'sent' | 'stale' | 'failed'> {
    this.#timecodes.add(timecode)
    for (const [index, { bytes, untilMs }] of parts.entries()) {
      await this.send(bytes)
      // Media time runs on only when the fragment's beginning is acknowledged: the network is not what is tested.
      if (index === 0 && (await this.ack('BUFFERING', timecode)) === undefined) return 'failed'
      if (this.hasFailed) return 'failed'
      if (untilMs <= this.#options.stalenessMs) continue
      this.reset()
      return 'stale'
    }
    return 'sent'
  }

  /** Closes the last fragment, and leaves the body open. */
  async endFragment(): Promise<void> {
    await this.send(END_OF_FRAGMENT)
  }

  /** Waits for the last word on a fragment, and ends the body with it. */
  async close(timecode: number): Promise<void> {
    const last = this.#options.waitsForPersisted ? 'PERSISTED' : 'RECEIVED'
    const ack = await this.ack(last, timecode)
    if (ack === undefined) throw new Error(`no ${last} for ${timecode} came: ${JSON.stringify(this.acks)}`)
    this.#socket.write('0\r\n\r\n')
    await this.ended
    this.#socket.destroy()
  }

  /** As a connection that is given up: libcurl closes the socket in the middle of the body. */
  reset(): void {
    this.#socket.destroy()
  }

  get hasFailed(): boolean {
    return this.#isOver || this.acks.some(({ EventType }) => EventType === 'ERROR')
  }

  /** Resolves with an acknowledgement, now or later; with `undefined` where the session ends without it. */
  async ack(type: Ack['EventType'], timecode: number): Promise<Ack | undefined> {
    for (;;) {
      const found = this.acks.find(ack => ack.EventType === type && ack.FragmentTimecode === timecode)
      if (found !== undefined || this.hasFailed) return found
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  async #follow(response: ResponseReader): Promise<void> {
    const { statusCode } = await response.head()
    this.statusCode = statusCode
    if (statusCode !== 200) throw new Error(`PutMedia was answered with ${statusCode}`)
    for (;;) {
      const chunk = await response.chunk()
      if (chunk.length === 0) return
      this.acks.push(parseAck(chunk, this.#timecodes))
      this.#wake()
    }
  }
}

/** kinesisVideoStreamParseFragmentAck: one object to a call, of a fragment that is in the producer's buffer. */
function parseAck(chunk: Buffer, timecodes: ReadonlySet<number>): Ack {
  const text = chunk.toString()
  if (chunk.length > MAX_ACK_BYTES) throw new Error(`an acknowledgement of ${chunk.length} bytes`)
  if (!/^\{[^{}]*\}\n$/.test(text)) throw new Error(`not one acknowledgement in a chunk: ${text}`)
  const ack = JSON.parse(text) as Ack
  const { FragmentTimecode: timecode } = ack
  if (timecode !== undefined && !timecodes.has(timecode)) {
    throw new Error(`the timecode of ${text} is not in the view window`)
  }
  return ack
}

/** Reads HTTP responses off a socket, chunk by chunk as they were framed. */
class ResponseReader {
  #bytes = Buffer.alloc(0)
  #isClosed = false
  #wake: () => void = () => {}

  constructor(socket: Socket) {
    socket.on('data', (bytes: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes])
      this.#wake()
    })
    socket.on('close', () => {
      this.#isClosed = true
      this.#wake()
    })
    socket.on('error', () => {})
  }

  async head(): Promise<{ readonly statusCode: number; readonly headers: Record<string, string> }> {
    const [statusLine = '', ...lines] = (await this.#until('\r\n\r\n')).split('\r\n')
    const pairs = lines.map(line => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.replace(/^.*?:\s*/, ''),
    ])
    return { statusCode: Number(statusLine.split(' ')[1]), headers: Object.fromEntries(pairs) }
  }

  /** The content of the next HTTP chunk; empty at the end. */
  async chunk(): Promise<Buffer> {
    const length = Number.parseInt(await this.#until('\r\n'), 16)
    const bytes = await this.bytes(length + 2)
    return bytes.subarray(0, length)
  }

  async bytes(length: number): Promise<Buffer> {
    while (this.#bytes.length < length) await this.#more()
    const bytes = this.#bytes.subarray(0, length)
    this.#bytes = this.#bytes.subarray(length)
    return bytes
  }

  async #until(end: string): Promise<string> {
    for (;;) {
      const at = this.#bytes.indexOf(end)
      if (at !== -1) return (await this.bytes(at + end.length)).subarray(0, at).toString('latin1')
      await this.#more()
    }
  }

  async #more(): Promise<void> {
    if (this.#isClosed) throw new Error('the connection was closed')
    await new Promise<void>(resolve => {
      this.#wake = resolve
    })
  }
}

const USER_AGENT = 'AWS-SDK-KVS/1.6.4 GCC/12.2.0 Linux/6.1 x86_64'

async function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.setNoDelay(true)
  await once(socket, 'connect')
  return socket
}

/** The request line and headers, every one of them signed, without the empty line at their end. */
function requestHead(url: string, path: string, headers: Record<string, string>, body: string): string {
  const date = `${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}`
  const all: Record<string, string> = { host: new URL(url).host, 'x-amz-date': date, ...headers }
  const names = Object.keys(all).sort()
  const scope = `${date.slice(0, 8)}/us-east-1/kinesisvideo/aws4_request`
  const canonical = [
    ...['POST', path, ''],
    ...names.map(name => `${name}:${all[name]}`),
    ...['', names.join(';'), sha256(body)],
  ].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)]
  let key: string | Buffer = 'AWS4test'
  for (const part of [...scope.split('/'), toSign.join('\n')]) {
    key = createHmac('sha256', key).update(part).digest()
  }
  const signature = (key as Buffer).toString('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=test/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  const lines = Object.entries({ ...all, authorization }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}`
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
