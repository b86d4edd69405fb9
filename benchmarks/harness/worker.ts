/**
 * The child's side of `runJob` and `startService`: loads the module that it is told of, runs it, and sends what it gives.
 * To any later message it answers with its CPU time so far, in milliseconds.
 */
import { cpuMs } from './cpu.ts'
import type { Results } from './question.ts'

export type Order = { readonly call: 'run' | 'serve'; readonly module: string; readonly params: unknown }
export type Reply = { readonly value: unknown } | { readonly error: string }

type Module = {
  run(params: unknown): Promise<Results>
  /** Resolves when clients can come. */
  serve(params: unknown): Promise<unknown>
}

process.once('message', async ({ call, module, params }: Order) => {
  process.on('message', () => reply({ value: cpuMs() }, false))
  try {
    const loaded = (await import(module)) as Module
    reply({ value: await loaded[call](params) }, call === 'run')
  } catch (error) {
    reply({ error: error instanceof Error ? error.message : String(error) }, true)
  }
})

// The parent is gone.
process.once('disconnect', () => process.exit())

function reply(message: Reply, isLast: boolean): void {
  // A contender may leave timers and sockets behind.
  process.send?.(message, () => (isLast ? process.exit() : undefined))
}
