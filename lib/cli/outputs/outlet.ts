import type { Writable } from 'node:stream'

/** Where the events of one output go. */
export type Outlet = {
  /** The flag's name: `mkv`, `wav`, `tags`. */
  readonly name: string
  readonly sink: Writable
  /** Settles when nothing more happens: files have their names, the pipe has all. Rejects with what failed. */
  readonly done: Promise<void>
  /** Text without frames is an output too; of others it is said when no frame came. */
  readonly isText?: boolean
  /** To be asked when all is done: the media that it left out, in words. */
  readonly missing?: () => readonly string[]
}

/** Settles at `close`; rejects if an error came before. */
export function closeOf(stream: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined
    stream.on('error', (error: Error) => {
      failure ??= error
    })
    stream.once('close', () => (failure === undefined ? resolve() : reject(failure)))
  })
}
