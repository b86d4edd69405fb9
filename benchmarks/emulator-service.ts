/** The local service in a process of its own, for benchmarks. Takes its options as JSON; sends its URL when it is up. */
import { type EmulatorOptions, startEmulator } from '../lib/emulator/index.ts'
import { fragment } from '../spec/support/mkv-builder.ts'

type Setup = { readonly options: EmulatorOptions; readonly fragments: number; readonly fragmentBytes: number }

const { options, fragments, fragmentBytes } = JSON.parse(process.argv[2] ?? '{}') as Setup
const emulator = await startEmulator(options)
const stream = await emulator.addStream({ name: 'door', dataRetentionInHours: 1 })
const media = fragment({ frames: [{ keyframe: true, data: Buffer.alloc(fragmentBytes, 7) }] })
for (let i = 0; i < fragments; i++) stream.append(media)
process.send?.({ url: emulator.url })
