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

/** A stage that gives bytes or text, and where they go: a file, or `-`. */
export function bytesOutlet(name: string, stage: object, target: string, tell: TellFile): Outlet {
  return target === '-' ? standardOutputOutlet(name, stage) : fileOutlet(name, stage, target, tell)
}

function fileOutlet(name: string, stage: object, path: string, tell: TellFile): Outlet {
  const file = new FileSink({ path })
  file.on('file', () => tell(path))
  const closed = closeOf(file)
  const done = pipeline(stage as NodeJS.ReadableStream, native(file)).then(
    () => closed,
    async (error: Error) => {
      await closed.catch(() => {})
      throw error
    },
  )
  return { name, sink: native(stage), done }
}

function standardOutputOutlet(name: string, stage: object): Outlet {
  const sink = native(stage)
  // A Transform's own type says nothing of what it gives; this one gives bytes.
  const done = writeToStandardOutput(stage as AsyncIterable<Uint8Array>).then(() => {
    sink.destroy()
  })
  return { name, sink, done }
}

/** Streams of `readable-stream` differ from Node's own in their types alone. */
function native(stream: object): Writable {
  return stream as Writable
}
