import { after, before } from 'node:test'
import type { Browser } from 'playwright-core'
import { scratch } from '../outputs/media.ts'
import { startChromium, WatchedPage } from '../support/browser.ts'
import { requires } from '../support/requirements.ts'
import { type ClipOptions, writeClip } from './numbered-clip.ts'

/** Options for a `describe` whose specs share a studio. */
export const inAStudio = {
  ...requires('chromium', 'ffmpeg'),
  concurrency: true,
  // A player that has come to a gap waits for ever; nothing else lasts so long.
  timeout: 120_000,
}

export type Studio = {
  /** The numbered clip. */
  readonly clip: string
  file(name: string): string
  open(url: string): Promise<WatchedPage>
}

/** A browser, a clip and a directory, there before the specs of a `describe` and gone behind them. */
export function studioOf(options: ClipOptions = {}): Studio {
  let browser: Browser | undefined
  let directory: Awaited<ReturnType<typeof scratch>> | undefined
  const file = (name: string) => directory!.file(name)

  before(async () => {
    directory = await scratch()
    await writeClip(file('clip.mkv'), options)
    browser = await startChromium()
  })

  after(async () => {
    await browser?.close()
    await directory?.[Symbol.asyncDispose]()
  })

  return {
    get clip() {
      return file('clip.mkv')
    },
    file,
    open: url => WatchedPage.open(browser!, url),
  }
}
