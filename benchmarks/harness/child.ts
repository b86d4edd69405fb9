import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Build } from './build.ts'
import type { Job, Results } from './question.ts'
import type { Order, Reply } from './worker.ts'

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
        child.send('cpu')
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

async function replyOf(child: ChildProcess): Promise<unknown> {
  const died = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the process ended before it was done (${signal ?? `exit code ${code}`})`)
  })
  const [reply] = (await Promise.race([once(child, 'message'), died])) as [Reply]
  died.catch(() => {})
  if ('error' in reply) throw new Error(reply.error)
  return reply.value
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
