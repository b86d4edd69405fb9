/** One client that reads whole sessions of the payload service. Each pass is a session of its own. */
import { cpuTurn } from '../harness/cpu.ts'
import type { Turns } from '../harness/question.ts'
import { type ClientName, client } from './clients.ts'

export type SessionParams = {
  readonly client: ClientName
  /** By the name of their case. */
  readonly urls: Readonly<Record<string, string>>
  /** What one session brings. */
  readonly bytes: number
  readonly frames: number
}

export async function open({ client: name, urls, bytes, frames }: SessionParams): Promise<Turns> {
  const read = await client(name)
  let pass = 0
  const turns = Object.entries(urls).map(([transport, url]) => {
    // A stream of its own each: of one, only so many calls a second may be made.
    const turn = cpuTurn(() => read(url, `door-${++pass}`))
    return [transport, async () => ({ ...(await turn()), bytes, frames })] as const
  })
  return Object.fromEntries(turns)
}
