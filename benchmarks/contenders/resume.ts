/** How long a reader is without new frames when its connection breaks, again and again. */
import { request } from 'node:http'
import { getMedia } from '../../lib/index.ts'
import type { Results } from '../harness/question.ts'
import { median, quantile } from '../harness/statistics.ts'
import { sessionOptions } from './session-options.ts'

export type ResumeParams = {
  readonly reader: 'getmedia' | 'node:http'
  readonly url: string
  readonly cuts: number
  readonly frameBytes: number
}

export async function run(params: ResumeParams): Promise<Results> {
  await cutsOf(params.url)
  const { resumedAt, bytesTwice } =
    params.reader === 'getmedia' ? await resumedFrames(params) : await reconnections(params)
  const cutAt = await cutsOf(params.url)
  const gapsMs = resumedAt.map((at, index) => Number(at - cutAt[index]!) / 1e6)
  return {
    all: {
      cuts: gapsMs.length,
      medianMs: median(gapsMs),
      p90Ms: quantile(gapsMs, 0.9),
      maxMs: Math.max(...gapsMs),
      bytesTwicePerCut: bytesTwice / gapsMs.length,
    },
  }
}

type Resumed = { readonly resumedAt: readonly bigint[]; readonly bytesTwice: number }

/** When the first frame came that the reader did not have yet. */
async function resumedFrames({ url, cuts, frameBytes }: ResumeParams): Promise<Resumed> {
  const stream = getMedia(sessionOptions(url))
  const resumedAt: bigint[] = []
  let framesTwice = 0
  let isAwaited = false
  stream.on('resumed', ({ framesLeftOut }: { framesLeftOut: number }) => {
    framesTwice += framesLeftOut
    isAwaited = true
  })
  for await (const event of stream) {
    if (!isAwaited || event.type !== 'frame') continue
    isAwaited = false
    resumedAt.push(process.hrtime.bigint())
    if (resumedAt.length === cuts) break
  }
  return { resumedAt, bytesTwice: framesTwice * frameBytes }
}

/** The least that any client does: it connects again at once, and has the first bytes. */
async function reconnections({ url, cuts }: ResumeParams): Promise<Resumed> {
  const resumedAt: bigint[] = []
  for (let session = 0; session <= cuts; session++) {
    await new Promise<void>(resolve => {
      const call = request(`${url}/getMedia`, { method: 'POST', agent: false }, response => {
        response.once('data', () => {
          if (session > 0) resumedAt.push(process.hrtime.bigint())
          if (session === cuts) call.destroy()
        })
        response.on('data', () => {})
        response.on('error', () => {})
        response.on('close', resolve)
      })
      call.on('error', () => {})
      call.end('{}')
    })
  }
  return { resumedAt, bytesTwice: 0 }
}

async function cutsOf(url: string): Promise<bigint[]> {
  return ((await (await fetch(`${url}/cuts`)).json()) as string[]).map(BigInt)
}
