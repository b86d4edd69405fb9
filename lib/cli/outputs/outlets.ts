import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { FileSink } from '../../index.ts'
import { closeOf, type Outlet } from './outlet.ts'
import type { TellFile } from './output-kind.ts'
import { writeToStandardOutput } from './standard-output.ts'

/** The ways in which a stage becomes an outlet. */

/** A stage that writes its own files. */
export function filesOutlet(name: string, sink: object, missing: Outlet['missing'] = () => []): Outlet {
  return { name, sink: native(sink), done: closeOf(sink as NodeJS.EventEmitter), missing }
}

/** Makes bytes or text of what a stage gives. */
export type Serializer = (items: AsyncIterable<unknown>) => AsyncIterable<Uint8Array | string>

export type BytesOutletOptions = Pick<Outlet, 'isText' | 'missing'> & {
  /** @default the stage gives bytes or text itself */
  readonly serializer?: Serializer | undefined
}

/** A stage that gives bytes or text, also by a `serializer`, and where they go: a file, or `-`. Media without a byte make no file. */
export function bytesOutlet(
  name: string,
  stage: object,
  target: string,
  tell: TellFile,
  options: BytesOutletOptions = {},
): Outlet {
  const {
    serializer = items => items as AsyncIterable<Uint8Array>,
    isText = false,
    missing = () => [],
  } = options
  const done =
    target === '-'
      ? toStandardOutput(stage, serializer)
      : toFile(stage, serializer, new FileSink({ path: target, emptyFile: isText ? 'write' : 'skip' }), tell)
  return { name, sink: native(stage), done, isText, missing }
}

async function toFile(stage: object, serializer: Serializer, file: FileSink, tell: TellFile): Promise<void> {
  file.on('file', ({ path }: { path: string }) => tell(path))
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
