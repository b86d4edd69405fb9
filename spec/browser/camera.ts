import type { Readable } from 'readable-stream'
import { type Emulator, type Fault, startEmulator } from '../../lib/emulator/index.ts'
import { type FragmentEvent, type GetMediaStream, getMedia } from '../../lib/index.ts'
import { PICTURES } from './numbered-clip.ts'

/** Each breaks a session in the middle of a fragment: in the second, the fourth and the sixth second, where they come live. */
export const BREAKS: readonly Fault[] = [
  { type: 'cut-in-block', block: 60 },
  { type: 'cut-in-block', block: 100 },
  { type: 'reset', atByte: 20_000 },
  { type: 'exception', errorType: 'InternalFailure', statusCode: 500 },
]

/** A local service with a camera, `door`, whose sessions break. */
export class Camera implements AsyncDisposable {
  readonly #service: Emulator
  readonly #clip: string
  readonly #times: number
  /** Times that a session broke within a fragment, whose first frames then came again. */
  breaks = 0

  private constructor(service: Emulator, clip: string, times: number) {
    this.#service = service
    this.#clip = clip
    this.#times = times
  }

  /** One that has sent the clip so many times, each time as if it began anew, or is still to send it. */
  static async start(clip: string, { times = 1, hasSent = false } = {}): Promise<Camera> {
    const service = await startEmulator({ limits: { fragmentsPerSecond: Number.POSITIVE_INFINITY } })
    const stream = await service.addStream({ name: 'door' })
    for (let time = 0; hasSent && time < times; time++) await stream.load(clip)
    service.faults('door', BREAKS)
    return new Camera(service, clip, times)
  }

  /** Begins to send, in real time, or so many times faster. */
  async send({ speed = 1 } = {}): Promise<void> {
    await this.#service.stream('door').playLive(this.#clip, { speed, loop: this.#times })
  }

  /** What it sends, up to its last picture. `isWanted` holds back each fragment, by its count from 1, until it resolves. */
  async *events(
    isWanted: (fragment: number) => Promise<void> = async () => {},
  ): AsyncGenerator<FragmentEvent> {
    const stream: GetMediaStream = getMedia({
      ...{ streamName: 'door', region: 'us-east-1', startSelector: { type: 'EARLIEST' } },
      ...{ controlEndpoint: this.#service.url, random: () => 0 },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    })
    stream.on('resumed', ({ framesLeftOut }: { framesLeftOut: number }) => {
      if (framesLeftOut > 0) this.breaks++
    })
    let pictures = 0
    let fragments = 0
    for await (const event of stream as Readable) {
      if (event.type === 'fragment-start') await isWanted(++fragments)
      yield event
      if (event.type === 'frame' && event.track === 1) pictures++
      if (event.type === 'fragment-end' && pictures === PICTURES * this.#times) return
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service.close()
  }
}
