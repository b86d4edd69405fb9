import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { realpath } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { OptionError } from '../../core/errors.ts'

/** Directories that this process holds. */
const held = new Set<string>()

/**
 * Holds a directory, as two services on one would give the same fragment numbers twice. The system lets go of it
 * however the process ends: on Linux it is a socket's name that is in no file system. Elsewhere only services of the
 * same process are told apart.
 *
 * @returns lets go of it
 * @throws OptionError where another service holds it
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const path = await realpath(directory)
  if (held.has(path)) throw taken(directory)
  held.add(path)
  let server: Server | undefined
  try {
    if (process.platform === 'linux') server = await holdName(path)
  } catch (error) {
    held.delete(path)
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw taken(directory)
    throw error
  }
  return async () => {
    held.delete(path)
    if (server === undefined) return
    server.close()
    await once(server, 'close')
  }
}

async function holdName(path: string): Promise<Server> {
  const name = createHash('sha256').update(path).digest('hex').slice(0, 32)
  const server = createServer(socket => socket.destroy())
  server.listen(`\0getmedia-emulator-${name}`)
  await once(server, 'listening')
  // A service that was forgotten does not keep its process alive for this.
  return server.unref()
}

function taken(directory: string): OptionError {
  return new OptionError('dataDirectory', 'be a directory that no other service uses', directory)
}
