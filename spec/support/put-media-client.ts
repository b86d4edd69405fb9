import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import aws4 from 'aws4'

/** An acknowledgement as it came. */
export type Ack = {
  readonly EventType: 'BUFFERING' | 'RECEIVED' | 'PERSISTED' | 'ERROR' | 'IDLE'
  readonly FragmentTimecode?: number
  readonly FragmentNumber?: string
  readonly ErrorId?: number
  readonly ErrorCode?: string
}

/** The three ways in which producers sign, and none. */
export type ProducerSigning = 'empty-body' | 'unsigned-payload' | 'presigned' | 'none'

/** How a PutMedia request is made. */
export type PutMediaClientOptions = {
  readonly streamName?: string
  readonly signing?: ProducerSigning
  readonly expectContinue?: boolean
  /** Headers beside those of the defaults; `undefined` takes one away. */
  readonly headers?: Readonly<Record<string, string | undefined>>
}

/**
 * A producer's connection, on `node:http` alone: an upload without a known length, and acknowledgements as they come.
 *
 * ```ts
 * const producer = new PutMediaClient(emulator.url, { streamName: 'door' })
 * await producer.write(mkv)
 * const acks = await producer.end()
 * ```
 */
export class PutMediaClient {
  /** What has come so far. */
  readonly acks: Ack[] = []
  /** The response, when its head has come. */
  readonly response: Promise<IncomingMessage>
  /** All acknowledgements, when the response is over, however that came. */
  readonly done: Promise<readonly Ack[]>
  readonly #request: ClientRequest
  #text = ''
  #wake: () => void = () => {}
  #isOver = false

  constructor(url: string, options: PutMediaClientOptions = {}) {
    const { streamName = 'door', signing = 'empty-body', expectContinue = false, headers = {} } = options
    const given = {
      'x-amzn-stream-name': streamName,
      'x-amzn-fragment-timecode-type': 'RELATIVE',
      'x-amzn-producer-start-timestamp': '1700000000.000',
      'x-amzn-fragment-acknowledgment-required': '1',
      ...headers,
    }
    const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
    const { path, headers: signed } = sign(url, present as Record<string, string>, signing)
    this.#request = request(url + path, {
      method: 'POST',
      agent: false,
      headers: {
        ...signed,
        'transfer-encoding': 'chunked',
        ...(expectContinue ? { expect: '100-continue' } : {}),
      },
    })
    // A service that ends the connection is seen in the acknowledgements.
    this.#request.on('error', () => this.#over())
    this.#request.once('close', () => this.#over())
    this.#request.flushHeaders()
    this.response = once(this.#request, 'response').then(([response]) => response)
    this.response.catch(() => {})
    this.done = this.#read()
  }

  /** Resolves with the interim answer to `Expect`. */
  async continued(): Promise<void> {
    await once(this.#request, 'continue')
  }

  /** Sends bytes; resolves when more may be sent. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#request.destroyed || this.#request.write(bytes)) return
    await new Promise<void>(resolve => {
      const settle = () => {
        this.#request.off('drain', settle).off('close', settle)
        resolve()
      }
      this.#request.on('drain', settle).on('close', settle)
    })
  }

  /** Ends the upload; gives all acknowledgements. */
  end(): Promise<readonly Ack[]> {
    this.#request.end()
    return this.done
  }

  /** Whether the connection is no more. */
  get isClosed(): boolean {
    return this.#request.destroyed || this.#request.socket?.destroyed === true
  }

  /** Breaks the connection. */
  destroy(): void {
    this.#request.destroy()
  }

  /** Resolves with the first acknowledgement of a kind, now or later; a number counts those of that kind, from 1. */
  async ack(eventType: Ack['EventType'], count = 1): Promise<Ack> {
    for (;;) {
      const found = this.acks.filter(ack => ack.EventType === eventType)[count - 1]
      if (found !== undefined) return found
      if (this.#isOver) throw new Error(`no ${eventType} ${count} came: ${JSON.stringify(this.acks)}`)
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  async #read(): Promise<readonly Ack[]> {
    try {
      const response = await this.response
      for await (const chunk of response) this.#readLines(String(chunk))
    } catch {
      // A reset is an end too.
    }
    this.#over()
    return this.acks
  }

  #readLines(text: string): void {
    const lines = (this.#text + text).split('\n')
    this.#text = lines.pop() ?? ''
    this.acks.push(...lines.map(line => JSON.parse(line) as Ack))
    this.#wake()
  }

  #over(): void {
    this.#isOver = true
    this.#wake()
  }
}

function sign(
  url: string,
  headers: Readonly<Record<string, string>>,
  signing: ProducerSigning,
): { readonly path: string; readonly headers: Record<string, string> } {
  const { host } = new URL(url)
  if (signing === 'none') return { path: '/putMedia', headers: { ...headers } }
  const toSign = {
    ...{ method: 'POST', service: 'kinesisvideo', region: 'us-east-1', host },
    path: signing === 'presigned' ? '/putMedia?X-Amz-Expires=300' : '/putMedia',
    headers: {
      ...headers,
      ...(signing === 'unsigned-payload' ? { 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' } : {}),
    },
    signQuery: signing === 'presigned',
  }
  const signed = aws4.sign(toSign, { accessKeyId: 'test', secretAccessKey: 'test' })
  return { path: signed.path!, headers: signed.headers as Record<string, string> }
}

/** What came of an acknowledgement's kinds, in their order: `BUFFERING 0`, `ERROR 4006`. */
export function summary(acks: readonly Ack[]): string[] {
  return acks.map(ack => `${ack.EventType} ${ack.ErrorId ?? ack.FragmentTimecode ?? ''}`.trim())
}
