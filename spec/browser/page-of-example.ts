import { readFile } from 'node:fs/promises'

/** The page that an example of the documentation serves, word for word: what is proved here is what users copy. */
export async function pageOfExample(name: string): Promise<string> {
  const source = await readFile(new URL(`../../docs/examples/${name}`, import.meta.url), 'utf8')
  const page = /`(<!doctype html>[^`]*)`/.exec(source)?.[1]
  if (page === undefined || page.includes('${')) throw new Error(`${name} holds no page that is plain text`)
  return page
}
