import assert from 'node:assert/strict'
import type { ShownPicture, VideoEvent, WatchedPage } from '../support/browser.ts'
import { COLOURS, PICTURES, pictureAt, SECOND_NUMBERS, SECONDS, secondOf } from './numbered-clip.ts'

/** What a browser must have shown of the numbered clip, however it came there. */

/** In each of red, green and blue: what the way through 4:2:0, H.264 and back may change of an even surface. */
const COLOUR_TOLERANCE = 10
/** In seconds. Where no more than this is left to play, a player that waits has got to the end of what is there. */
const LIVE_EDGE = 0.2
/** In seconds, for each time that the clip was sent: its pictures end a little before the tone, or after. */
const END_TOLERANCE = 0.1

/** All of the clip was shown as it was sent, from its first picture to its last, and is shown where one seeks. */
export async function judgePlayback(page: WatchedPage): Promise<void> {
  await judgeBuffer(page)
  judgePictures(await page.pictures())
  judgeEvents(await page.events())
  await judgeSeeks(page)
  assert.deepEqual(page.complaints, [])
}

/** Every picture at its time, in its colour, in its order; some of each second. */
function judgePictures(pictures: readonly ShownPicture[]): void {
  assert.deepEqual(problemsOf(pictures), [])
  const times = pictures.map(({ seconds }) => seconds)
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
  const seen = new Set(pictures.map(({ number }) => secondOf(number)))
  assert.deepEqual([...seen], SECOND_NUMBERS)
}

/** All of it is there to play, and every picture of it went through the decoder. */
async function judgeBuffer(page: WatchedPage): Promise<void> {
  const [start] = await judgeOnePiece(page, SECONDS)
  assert.equal(start, 0)
  // A player that sets its own start may decode the first ones twice.
  const decoded = await page.decodedPictures()
  assert.ok(decoded >= PICTURES, `${decoded} pictures were decoded`)
}

/** What there is to play has no gap, and ends at `seconds`. Gives where it starts and ends. */
export async function judgeOnePiece(page: WatchedPage, seconds: number): Promise<[number, number]> {
  const buffered = await page.buffered()
  const [range] = buffered
  assert.ok(range !== undefined && buffered.length === 1, `in pieces: ${JSON.stringify(buffered)}`)
  assert.ok(Math.abs(range[1] - seconds) < END_TOLERANCE * (seconds / SECONDS), `it ends at ${range[1]} s`)
  return range
}

/** It began, waited for nothing but for the camera, and came to its end. */
function judgeEvents(events: readonly VideoEvent[]): void {
  const types = events.map(({ type }) => type)
  assert.ok(types.includes('playing'), types.join(' '))
  assert.deepEqual(
    events.filter(({ type }) => type === 'error' || type === 'stalled'),
    [],
  )
  const early = events.filter(event => event.type === 'waiting' && leftToPlay(event) > LIVE_EDGE)
  assert.deepEqual(early, [])
  const end = events.at(-1)
  assert.equal(end?.type, 'ended')
  assert.ok(Math.abs(end.seconds - SECONDS) < END_TOLERANCE, `ended at ${end.seconds}`)
}

/** Goes to the middle of each second, last ones first, and finds the picture there. */
async function judgeSeeks(page: WatchedPage): Promise<void> {
  const found: ShownPicture[] = []
  const times = SECOND_NUMBERS.map(second => second + 0.5).reverse()
  for (const seconds of times) found.push(await page.seek(seconds))
  assert.deepEqual(
    found.map(({ number }) => number),
    times.map(pictureAt),
  )
  assert.deepEqual(problemsOf(found), [])
}

/** What was not as it was sent; the first few tell enough. */
function problemsOf(pictures: readonly ShownPicture[]): string[] {
  return pictures
    .filter(({ seconds, colour, number }) => number !== pictureAt(seconds) || !isColourOf(number, colour))
    .map(({ seconds, colour, number }) => `at ${seconds} s picture ${number} in rgb(${colour})`)
    .slice(0, 5)
}

function isColourOf(picture: number, colour: readonly number[]): boolean {
  const sent = COLOURS[secondOf(picture)]
  return sent?.every((value, i) => Math.abs(value - colour[i]!) <= COLOUR_TOLERANCE) ?? false
}

function leftToPlay({ seconds, buffered }: VideoEvent): number {
  return (buffered.at(-1)?.[1] ?? 0) - seconds
}
