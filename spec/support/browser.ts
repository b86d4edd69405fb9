import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { type Browser, chromium, type Page } from 'playwright-core'

/** Debian's Chromium, without a screen. Close it when done. */
export async function startChromium(): Promise<Browser> {
  const executablePath = execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim()
  // Root has no sandbox to go into; the pages are our own.
  return await chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

/** What `watch-video.js` writes down of one picture that was shown. */
export type ShownPicture = {
  /** On the video's clock. */
  readonly seconds: number
  /** Red, green and blue of its middle. */
  readonly colour: readonly number[]
  /** What it says of itself. */
  readonly number: number
}

export type VideoEvent = {
  readonly type: 'loadstart' | 'playing' | 'waiting' | 'stalled' | 'emptied' | 'error' | 'ended'
  /** On the video's clock. */
  readonly seconds: number
  /** What there was to play: pairs of seconds. */
  readonly buffered: readonly (readonly [number, number])[]
  /** Of an error. */
  readonly message?: string
}

/** A page with one video, which is watched. */
export class WatchedPage {
  readonly page: Page
  /** Everything that the page's scripts, and the browser, complained of. */
  readonly complaints: string[] = []
  /** Rejects when a script of the page throws. */
  readonly #failure: Promise<never>

  private constructor(page: Page) {
    this.page = page
    this.#failure = new Promise((_resolve, reject) => page.once('pageerror', reject))
    this.#failure.catch(({ message }: Error) => this.complaints.push(message))
    page.on('console', message => {
      if (['warning', 'error'].includes(message.type())) this.complaints.push(message.text())
    })
    page.on('requestfailed', request => this.complaints.push(`${request.url()} failed`))
  }

  static async open(browser: Browser, url: string): Promise<WatchedPage> {
    const page = await browser.newPage()
    // A spec that waits too long is ended by its runner; how fast a machine is says nothing.
    page.setDefaultTimeout(0)
    const watcher = await readFile(new URL('../browser/watch-video.js', import.meta.url), 'utf8')
    await page.addInitScript({ content: `{${watcher}}` })
    const watched = new WatchedPage(page)
    await page.goto(url)
    return watched
  }

  /** Resolves when the video has played to its end. Rejects when it, or a script of the page, fails. */
  async ended(): Promise<void> {
    const isOver = `window.watched.events.some(({ type }) => type === 'ended' || type === 'error')`
    await Promise.race([this.page.waitForFunction(isOver), this.#failure])
    const failure = (await this.events()).find(({ type }) => type === 'error')
    if (failure !== undefined) throw new Error(`the video failed: ${failure.message}`)
  }

  async pictures(): Promise<ShownPicture[]> {
    return (await this.page.evaluate('window.watched.pictures')) as ShownPicture[]
  }

  async events(): Promise<VideoEvent[]> {
    return (await this.page.evaluate('window.watched.events')) as VideoEvent[]
  }

  /** What there is to play. */
  async buffered(): Promise<[number, number][]> {
    return (await this.page.evaluate('window.watched.buffered()')) as [number, number][]
  }

  async decodedPictures(): Promise<number> {
    return (await this.page.evaluate('window.watched.quality().totalVideoFrames')) as number
  }

  /** Goes to a time in seconds, and tells what is shown there. */
  async seek(seconds: number): Promise<ShownPicture> {
    return (await this.page.evaluate(`window.watched.seek(${seconds})`)) as ShownPicture
  }

  /** Plays so many times as fast, to save time. */
  async playAt(rate: number): Promise<void> {
    await this.page.evaluate(`document.querySelector('video').playbackRate = ${rate}`)
  }
}
