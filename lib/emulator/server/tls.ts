import { createSecureContext } from 'node:tls'
import { OptionError } from '../../core/errors.ts'

/** The certificate of the service, for HTTPS. */
export type TlsOptions = {
  /** The certificate in PEM, followed by its intermediate certificates. */
  readonly cert: string | Buffer
  /** Its private key in PEM. */
  readonly key: string | Buffer
}

/** Checks that both are there and belong together. The key is never shown. @throws OptionError */
export function resolveTls(tls: TlsOptions | undefined): TlsOptions | undefined {
  if (tls === undefined) return undefined
  if (typeof tls !== 'object' || tls === null) throw new OptionError('tls', 'be { cert, key }', typeof tls)
  const { cert, key } = tls
  for (const [name, value] of Object.entries({ cert, key })) {
    const isPem = (typeof value === 'string' || value instanceof Uint8Array) && value.length > 0
    if (!isPem)
      throw new OptionError(`tls.${name}`, 'be PEM text', value === undefined ? value : typeof value)
  }
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new OptionError('tls', 'be a certificate and its private key in PEM', reason)
  }
  return { cert, key }
}
