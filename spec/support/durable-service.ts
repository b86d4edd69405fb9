import { startEmulator } from '../../lib/emulator/index.ts'

/** The service in a process of its own, to be killed: `durable-service.ts DIRECTORY` prints its URL. */
const emulator = await startEmulator({ dataDirectory: process.argv[2]!, limits: 'off' })
if (emulator.streams.length === 0) await emulator.addStream({ name: 'door' })
process.stdout.write(`${emulator.url}\n`)
