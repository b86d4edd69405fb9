import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

export type Certificate = { readonly key: string; readonly cert: string }

/** A key and a certificate for `localhost`, made by openssl and signed by themselves; `undefined` where there is no openssl. */
export async function makeCertificate(directory: string): Promise<Certificate | undefined> {
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const args = ['req', '-x509', ...curve, '-keyout', key, '-out', cert, '-days', '2', ...subject]
  try {
    await promisify(execFile)('openssl', args)
    return { key, cert }
  } catch {
    return undefined
  }
}
