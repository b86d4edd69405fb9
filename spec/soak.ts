/**
 * What takes longer than a spec may: `npm run soak`.
 * 1. `getmedia get` through every fault, 20 times in a row.
 * 2. A reader that stops for 10 seconds on an endless payload: its memory, and the bytes that the server could send.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { randomFrom } from './support/chunkings.ts'
import { getmedia, jsonLines } from './support/cli.ts'
import { CLIP, EVERY_FAULT, runThroughFaults } from './support/fault-run.ts'

const ROUNDS = 20
let failed = false

function check(isRight: boolean, what: string): void {
  console.log(`${isRight ? 'ok    ' : 'FAILED'} ${what}`)
  if (!isRight) failed = true
}

const framesOf = (lines: readonly Record<string, unknown>[]) =>
  lines
    .filter(({ event }) => event === 'frame')
    .map(line => JSON.stringify(line))
    .join('\n')

async function soakFaults(): Promise<void> {
  const expected = framesOf(jsonLines((await getmedia(['inspect', CLIP, '--json', '--hash'])).stdout))
  for (let round = 1; round <= ROUNDS; round++) {
    const random = randomFrom(round)
    const faults = EVERY_FAULT.map(fault => ({ fault, at: random() }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ fault }) => fault)
    const { exitCode, lines, mostCallsInASecond, calls } = await runThroughFaults(faults)
    const isRight = exitCode === 0 && framesOf(lines) === expected && mostCallsInASecond <= 5
    check(
      isRight,
      `round ${round}: exit ${exitCode}, ${calls} calls, at most ${mostCallsInASecond} in a second`,
    )
  }
}

async function soakStalledReader(): Promise<void> {
  const child = spawn(
    process.execPath,
    ['--expose-gc', '--import', 'tsx', fileURLToPath(new URL('support/stalled-reader.ts', import.meta.url))],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  await new Promise(resolve => child.on('close', resolve))
  const { grownBytes, sentWhileStalledBytes } = JSON.parse(output) as {
    grownBytes: number
    sentWhileStalledBytes: number
  }
  check(grownBytes < 16_000_000, `stalled for 10 s: memory grew by ${(grownBytes / 1e6).toFixed(1)} MB`)
  check(
    sentWhileStalledBytes < 16_000_000,
    `stalled for 10 s: the server sent ${(sentWhileStalledBytes / 1e6).toFixed(1)} MB more`,
  )
}

await soakStalledReader()
await soakFaults()
if (failed) process.exitCode = 1
