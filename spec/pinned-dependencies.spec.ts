import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

type Manifest = { readonly version: string; readonly dependencies: Readonly<Record<string, string>> }
type Lock = { readonly packages: Readonly<Record<string, Manifest>> }

const root = fileURLToPath(new URL('..', import.meta.url))
const read = async (path: string): Promise<unknown> => JSON.parse(await readFile(`${root}${path}`, 'utf8'))

describe('dependencies whose inside the package relies on', () => {
  for (const name of ['got', 'readable-stream']) {
    it(`${name} is pinned to the exact version that is installed, and the manifest says why`, async () => {
      const manifest = (await read('package.json')) as Manifest & { readonly '//dependencies': string }
      const { packages } = (await read('package-lock.json')) as Lock
      const installed = (await read(`node_modules/${name}/package.json`)) as Manifest
      const pinned = manifest.dependencies[name]
      assert.match(pinned!, /^\d+\.\d+\.\d+$/)
      assert.deepEqual(
        [packages['']?.dependencies[name], packages[`node_modules/${name}`]?.version, installed.version],
        [pinned, pinned, pinned],
      )
      assert.match(manifest['//dependencies'], new RegExp(name))
    })
  }
})
