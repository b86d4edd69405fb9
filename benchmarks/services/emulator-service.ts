/** The library's local service, with one stream of equal fragments. */
import { type EmulatorOptions, startEmulator } from '../../lib/emulator/index.ts'
import { fragment } from '../../spec/support/mkv-builder.ts'

export type EmulatorServiceParams = {
  readonly options: EmulatorOptions
  readonly fragments: number
  readonly fragmentBytes: number
}

export async function serve({ options, fragments, fragmentBytes }: EmulatorServiceParams): Promise<string> {
  const emulator = await startEmulator(options)
  const stream = await emulator.addStream({ name: 'door', dataRetentionInHours: 1 })
  const media = fragment({ frames: [{ keyframe: true, data: Buffer.alloc(fragmentBytes, 7) }] })
  for (let index = 0; index < fragments; index++) stream.append(media)
  return emulator.url
}
