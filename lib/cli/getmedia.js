#!/usr/bin/env node
// The command's entry. An installed package has the build beside it; a fresh checkout runs from the sources.
import { existsSync } from 'node:fs'

const sources = new URL('main.ts', import.meta.url)
const build = new URL('../../dist/cli/main.js', import.meta.url)
const isCheckout = existsSync(new URL('../../tsconfig.json', import.meta.url))

if (isCheckout || !existsSync(build)) {
  const { register } = await import('tsx/esm/api')
  register()
  await import(sources.href)
} else {
  await import(build.href)
}
