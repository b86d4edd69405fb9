import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A key and a certificate in PEM, and the files that hold them. */
export type Certificate = {
  readonly key: string
  readonly cert: string
  readonly keyPath: string
  readonly certPath: string
}

/** Makes a key and a certificate of its own for `localhost` and 127.0.0.1, by openssl. */
export async function makeCertificate(directory: string, name = 'service'): Promise<Certificate> {
  const [keyPath, certPath] = [join(directory, `${name}-key.pem`), join(directory, `${name}-cert.pem`)]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const files = ['-keyout', keyPath, '-out', certPath, '-days', '2']
  await promisify(execFile)('openssl', ['req', '-x509', ...curve, ...files, ...subject])
  return { key: await readFile(keyPath, 'utf8'), cert: await readFile(certPath, 'utf8'), keyPath, certPath }
}
