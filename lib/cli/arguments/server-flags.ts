import { readFile } from 'node:fs/promises'
import type { EmulatorOptions, TlsOptions } from '../../emulator/index.ts'
import { OptionError } from '../../index.ts'

/** The flags for the emulator's address, certificate and regions. */
export type ServerFlags = {
  readonly advertisedUrl?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly region?: string
  readonly defaultRegion?: string
}

/** The emulator's options from these flags. @throws OptionError that names the flag */
export async function serverOptions(flags: ServerFlags): Promise<EmulatorOptions> {
  const { advertisedUrl, region } = flags
  const tls = await readTls(flags)
  return {
    ...(advertisedUrl !== undefined && { advertisedUrl }),
    ...(tls !== undefined && { tls }),
    ...(region !== undefined && { region }),
    defaultRegion: flags.defaultRegion ?? region ?? shellRegion() ?? 'us-east-1',
  }
}

/** The region that AWS clients in the same shell use. */
function shellRegion(): string | undefined {
  return process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || undefined
}

async function readTls({ tlsCert, tlsKey }: ServerFlags): Promise<TlsOptions | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined
  if (tlsKey === undefined) throw new OptionError('--tls-key', 'be given with --tls-cert', tlsKey)
  if (tlsCert === undefined) throw new OptionError('--tls-cert', 'be given with --tls-key', tlsCert)
  return { cert: await readPem('--tls-cert', tlsCert), key: await readPem('--tls-key', tlsKey) }
}

async function readPem(flag: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new OptionError(flag, `be a PEM file that can be read (${code})`, path)
  }
}
