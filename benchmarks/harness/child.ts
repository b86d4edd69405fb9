import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Build } from './build.ts'
import type { Job, Metrics, Results } from './question.ts'
import type { Order, Reply, Request } from './worker.ts'

/** A contender that takes longer has failed. */
const LONGEST_RUN_MS = 120_000

/** Runs a job in a fresh process, so that no contender meets what another has left: code, memory, sockets. */
export async function runJob(build: Build, job: Job): Promise<Results> {
  const { module, params, env, nodeOptions } = job
  const child = startChild(build, { call: 'run', module, params }, env, nodeOptions)
  const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_RUN_MS)
  try {
    return (await replyOf(child)) as Results
  } catch (error) {
    return { all: { error: (error as Error).message } }
  } finally {
    clearTimeout(timer)
    await stop(child)
  }
}

/** A process that measures a case whenever it is asked to. */
export type Contender = AsyncDisposable & {
  readonly cases: readonly string[]
  measure(name: string): Promise<Metrics>
}

/** Starts a module's `open(params)` in a process of its own. */
export async function startContender(build: Build, job: Job): Promise<Contender> {
  const { module, params, env, nodeOptions } = job
  const child = startChild(build, { call: 'open', module, params }, env, nodeOptions)
  const stopChild = () => stop(child)
  try {
    return {
      cases: (await replyOf(child)) as readonly string[],
      async measure(name) {
        const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_RUN_MS)
        child.send({ measure: name } satisfies Request)
        try {
          return (await replyOf(child)) as Metrics
        } finally {
          clearTimeout(timer)
        }
      },
      [Symbol.asyncDispose]: stopChild,
    }
  } catch (error) {
    await stopChild()
    throw error
  }
}

export type Service<Ready> = AsyncDisposable & {
  readonly ready: Ready
  /** The CPU time that its process has taken so far. */
  cpuMs(): Promise<number>
}

/** Starts a module's `serve(params)` in a process of its own; `ready` is what that resolved to. */
export async function startService<Ready>(
  build: Build,
  module: string,
  params: unknown,
  env?: NodeJS.ProcessEnv,
): Promise<Service<Ready>> {
  const child = startChild(build, { call: 'serve', module, params }, env)
  const stopChild = () => stop(child)
  try {
    return {
      ready: (await replyOf(child)) as Ready,
      async cpuMs() {
        child.send('cpu' satisfies Request)
        return (await replyOf(child)) as number
      },
      [Symbol.asyncDispose]: stopChild,
    }
  } catch (error) {
    await stopChild()
    throw error
  }
}

export async function stopAll(services: readonly AsyncDisposable[]): Promise<void> {
  await Promise.all(services.map(service => service[Symbol.asyncDispose]()))
}

function startChild(
  build: Build,
  order: Order,
  env: NodeJS.ProcessEnv = {},
  nodeOptions: readonly string[] = [],
): ChildProcess {
  const child = fork(fileURLToPath(build.url('benchmarks/harness/worker.ts')), {
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...env },
    // Without the parent's: tsx would stand between Node and what is measured.
    execArgv: [...nodeOptions],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  child.send({ ...order, module: build.url(order.module) })
  return child
}

function replyOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onMessage = (reply: Reply): void => {
      child.off('exit', onExit)
      if ('error' in reply) reject(new Error(reply.error))
      else resolve(reply.value)
    }
    const onExit = (code: number | null, signal: string | null): void => {
      child.off('message', onMessage)
      reject(new Error(`the process ended before it was done (${signal ?? `exit code ${code}`})`))
    }
    child.once('message', onMessage)
    child.once('exit', onExit)
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
