import type { MediaName } from '../fixtures/media.ts'

export const PAYLOAD_SERVICE = 'benchmarks/services/payload-service.ts'

export type PayloadServiceParams = {
  readonly media: MediaName
  readonly clip: string
  /** The payload's length in fragments. @default without end */
  readonly fragments?: number
  /** @default as fast as they are taken */
  readonly bytesPerSecond?: number
  /** Files with a key and its certificate: then it speaks TLS. */
  readonly tls?: { readonly key: string; readonly cert: string }
}

export type PayloadServiceReady = {
  readonly url: string
  readonly bytesPerFragment: number
  readonly framesPerFragment: number
}

/** What went out so far, and the CPU time that it took. */
export type ServiceLoad = { readonly sentBytes: number; readonly cpuMs: number }

export async function loadOf(url: string): Promise<ServiceLoad> {
  return (await (await fetch(`${url}/sent`)).json()) as ServiceLoad
}
