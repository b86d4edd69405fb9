/**
 * The child's side of `runJob`, `startContender` and `startService`: loads the module that it is told of, calls it, and sends
 * what it gives; then answers requests.
 */
import { cpuMs } from './cpu.ts'
import type { Results, Turns } from './question.ts'

export type Order = {
  readonly call: 'run' | 'open' | 'serve'
  readonly module: string
  readonly params: unknown
}
/** For the process's CPU time so far in milliseconds, or for a turn. */
export type Request = 'cpu' | { readonly measure: string }
export type Reply = { readonly value: unknown } | { readonly error: string }

type Module = {
  run(params: unknown): Promise<Results>
  open(params: unknown): Promise<Turns>
  /** Resolves when clients can come. */
  serve(params: unknown): Promise<unknown>
}

process.once('message', async ({ call, module, params }: Order) => {
  let turns: Turns = {}
  process.on('message', (request: Request) => {
    if (request === 'cpu') reply({ value: cpuMs() }, false)
    else answer(() => turns[request.measure]!(), false)
  })
  await answer(async () => {
    const loaded = (await import(module)) as Module
    if (call !== 'open') return await loaded[call](params)
    turns = await loaded.open(params)
    return Object.keys(turns)
  }, call === 'run')
})

// The parent is gone.
process.once('disconnect', () => process.exit())

async function answer(call: () => Promise<unknown>, isLast: boolean): Promise<void> {
  try {
    reply({ value: await call() }, isLast)
  } catch (error) {
    reply({ error: error instanceof Error ? error.message : String(error) }, isLast)
  }
}

function reply(message: Reply, isLast: boolean): void {
  // A contender may leave timers and sockets behind.
  process.send?.(message, () => (isLast ? process.exit() : undefined))
}
