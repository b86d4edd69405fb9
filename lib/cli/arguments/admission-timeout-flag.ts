import { Option } from 'commander'
import { parseDurationMs } from './numbers.ts'

/** `--admission-timeout`, of the commands that call the service. */
export function admissionTimeoutFlag(): Option {
  return new Option(
    '--admission-timeout <time>',
    'how long a call may wait for its turn under the service’s limits, such as 30s (default: any time)',
  ).argParser(parseDurationMs)
}
