import { fileURLToPath } from 'node:url'
import { type Fault, startEmulator } from '../../lib/emulator/index.ts'
import { getmedia, jsonLines } from './cli.ts'

/** The clip that the examples play too. */
export const CLIP = fileURLToPath(new URL('../../lib/cli/demo/camera.mkv', import.meta.url))

/** Everything that may go wrong with a session, at odd places. */
export const EVERY_FAULT: readonly Fault[] = [
  { type: 'reset', atByte: 20_011 },
  { type: 'cut-in-block', block: 33 },
  { type: 'exception', errorType: 'InternalFailure', statusCode: 500 },
  { type: 'end', atByte: 61_003 },
  { type: 'throttle' },
  { type: 'exception', statusCode: 503, body: '<html>busy</html>' },
  { type: 'exception', errorType: 'InvalidEndpointException' },
  { type: 'exception', errorType: 'NotAuthorizedException' },
  { type: 'error-tag', id: 5000, afterFragments: 1 },
  { type: 'stall', atByte: 45_678 },
  { type: 'cut', atByte: 3 },
  { type: 'error-tag', id: 4000, withFragmentNumber: true },
  { type: 'error-tag', id: 3002, afterFragments: 2, withFragmentNumber: true },
  { type: 'end', atByte: 150 },
]

export type FaultRun = {
  readonly exitCode: number | null
  /** The lines of `get`. */
  readonly lines: readonly Record<string, unknown>[]
  /** The most GetMedia calls that came to the service within one second. */
  readonly mostCallsInASecond: number
  readonly calls: number
  readonly faultsLeft: number
}

/** Runs `getmedia get` over the clip, its sessions broken as planned, against a service that holds to its limits. */
export async function runThroughFaults(faults: readonly Fault[]): Promise<FaultRun> {
  await using emulator = await startEmulator({
    idleEndMs: 300,
    limits: { fragmentsPerSecond: Number.POSITIVE_INFINITY },
  })
  await emulator.addStream({ name: 'door', source: CLIP })
  emulator.faults('door', faults)
  const args = [
    'get',
    'door',
    '--start',
    'earliest',
    '--until',
    'caught-up',
    '--json',
    '--hash',
    '--idle-timeout',
    '1s',
  ]
  const { exitCode, stdout } = await getmedia(args, { env: serviceEnvironment(emulator.url) })
  const times = emulator.requests.filter(({ operation }) => operation === 'GetMedia').map(({ at }) => at)
  return {
    exitCode,
    lines: jsonLines(stdout),
    mostCallsInASecond: Math.max(
      ...times.map(start => times.filter(at => at >= start && at < start + 1000).length),
    ),
    calls: times.length,
    faultsLeft: emulator.pendingFaults('door'),
  }
}

/** What an AWS client reads to find a service on this machine. */
export function serviceEnvironment(url: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  }
}
