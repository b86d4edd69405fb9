import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { FileSink } from '../../index.ts'
import { closeOf, type Outlet } from './outlet.ts'
import type { TellFile } from './output-kind.ts'
import { writeToStandardOutput } from './standard-output.ts'

/** The ways in which a stage becomes an outlet. */

/** A stage that writes its own files. */
export function filesOutlet(name: string, sink: object): Outlet {
  return { name, sink: native(sink), done: closeOf(sink as NodeJS.EventEmitter) }
}

/** Makes bytes or text of what a stage gives. */
export type Serializer = (items: AsyncIterable<unknown>) => AsyncIterable<Uint8Array | string>

/** A stage that gives bytes or text, also by a `serializer`, and where they go: a file, or `-`. */
export function bytesOutlet(
  name: string,
  stage: object,
  target: string,
  tell: TellFile,
  serializer: Serializer = items => items as AsyncIterable<Uint8Array>,
): Outlet {
  const done = target === '-' ? toStandardOutput(stage, serializer) : toFile(stage, serializer, target, tell)
  return { name, sink: native(stage), done }
}

async function toFile(stage: object, serializer: Serializer, path: string, tell: TellFile): Promise<void> {
  const file = new FileSink({ path })
  file.on('file', () => tell(path))
  const closed = closeOf(file)
  // Whoever waits for it hears of a failure from the pipeline.
  closed.catch(() => {})
  try {
    await pipeline(stage as NodeJS.ReadableStream, serializer, native(file))
  } finally {
    await closed.catch(() => {})
  }
  await closed
}

async function toStandardOutput(stage: object, serializer: Serializer): Promise<void> {
  await writeToStandardOutput(serializer(stage as AsyncIterable<unknown>))
  native(stage).destroy()
}

/** Streams of `readable-stream` differ from Node's own in their types alone. */
function native(stream: object): Writable {
  return stream as Writable
}
