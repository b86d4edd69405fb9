/** More and more sessions in one process, each at the cap of the service: how well they hold it, and what they take. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { type GetMediaStream, getMedia } from '../../lib/index.ts'
import { cpuMs } from '../harness/cpu.ts'
import type { Metrics, Results } from '../harness/question.ts'
import { loadOf } from '../services/payload-service-params.ts'
import { PeakMemory } from './peak-memory.ts'
import { sessionOptions } from './session-options.ts'

export type CapParams = {
  readonly url: string
  readonly capBytesPerSecond: number
  /** How many sessions there are, step by step. */
  readonly steps: readonly number[]
  readonly settleMs: number
  readonly windowMs: number
}

/** Where the sessions get less than this of the cap, more of them tell nothing. */
const OVERLOADED = 0.8

export async function run(params: CapParams): Promise<Results> {
  const sessions: GetMediaStream[] = []
  const results: Record<string, Metrics> = {}
  let overloaded = 0
  for (const step of params.steps) {
    while (sessions.length < step) sessions.push(open(params.url, sessions.length))
    await sleep(params.settleMs)
    const metrics = await measureWindow(sessions, params)
    results[String(step)] = metrics
    // Once may have been the machine's doing.
    overloaded = metrics.meanShare < OVERLOADED ? overloaded + 1 : 0
    if (overloaded === 2) break
  }
  for (const session of sessions) session.destroy()
  return results
}

function open(url: string, index: number): GetMediaStream {
  const session = getMedia(sessionOptions(url, `door-${index}`))
  session.on('data', () => {})
  // Only when it is destroyed at the end.
  session.on('error', () => {})
  return session
}

async function measureWindow(
  sessions: readonly GetMediaStream[],
  { url, capBytesPerSecond, windowMs }: CapParams,
) {
  const bytesBefore = sessions.map(session => session.metrics.bytes)
  const serviceBefore = await loadOf(url)
  const memory = new PeakMemory()
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const [startedAt, cpuBefore] = [performance.now(), process.cpuUsage()]
  await sleep(windowMs)
  const [wallMs, usedMs] = [performance.now() - startedAt, cpuMs(cpuBefore)]
  const shares = sessions.map(
    (session, index) => ((session.metrics.bytes - bytesBefore[index]!) * 1000) / wallMs / capBytesPerSecond,
  )
  delay.disable()
  const service = await loadOf(url)
  return {
    sessions: sessions.length,
    minShare: Math.min(...shares),
    meanShare: shares.reduce((sum, share) => sum + share, 0) / shares.length,
    cpuCores: usedMs / wallMs,
    serviceCores: (service.cpuMs - serviceBefore.cpuMs) / wallMs,
    peakRssBytes: memory.stop(),
    // The monitor counts its own timer's millisecond too.
    delayP50Ms: delay.percentile(50) / 1e6 - 1,
    delayP99Ms: delay.percentile(99) / 1e6 - 1,
  }
}
