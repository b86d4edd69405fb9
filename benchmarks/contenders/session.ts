/** One client that reads whole sessions of the payload service. Each pass is a session of its own. */
import { eachCase, measureCpu } from '../harness/cpu.ts'
import type { Results } from '../harness/question.ts'
import { type ClientName, client } from './clients.ts'

export type SessionParams = {
  readonly client: ClientName
  /** By the name of their case. */
  readonly urls: Readonly<Record<string, string>>
  /** What one session brings. */
  readonly bytes: number
  readonly frames: number
}

export async function run({ client: name, urls, bytes, frames }: SessionParams): Promise<Results> {
  const read = await client(name)
  const cases = Object.entries(urls).map(([transport, url]) => ({ name: transport, url }))
  let pass = 0
  return await eachCase(cases, async ({ url }) => ({
    // A stream of its own each: of one, only so many calls a second may be made.
    ...(await measureCpu(() => read(url, `door-${++pass}`))),
    bytes,
    frames,
  }))
}
