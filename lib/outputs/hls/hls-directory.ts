import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { PlaylistFacts } from '../../hls/playlist.ts'
import { readPlaylist } from '../../hls/read-playlist.ts'
import { AtomicFile } from '../shared/atomic-file.ts'
import { OutputError } from '../shared/output-error.ts'

const PLAYLIST = 'index.m3u8'
const SEGMENT = /^segment-(\d{6,})\.m4s$/
const INIT = /^init-(\d+)\.mp4$/

/** What an earlier writer has left. */
export type EarlierFiles = {
  readonly playlist: PlaylistFacts
  /** Its files that the playlist does not list. */
  readonly unlisted: readonly string[]
}

/** The files of an HLS directory, and their names, of which none is given twice. */
export class HlsDirectory {
  readonly #path: string
  #segments = 0
  #inits = 0

  constructor(path: string) {
    this.#path = path
  }

  get playlistPath(): string {
    return join(this.#path, PLAYLIST)
  }

  /** Removes what an earlier writer has left; what is not of its kind stays. */
  async clear(): Promise<void> {
    const names = (await this.#names()).filter(name => SEGMENT.test(name) || INIT.test(name))
    // First, so that it never lists what is not there.
    for (const name of [PLAYLIST, ...names]) await this.remove(name)
  }

  /**
   * Goes on with what an earlier writer has left; `undefined` where there is nothing. Rejects with `OutputError` for a
   * playlist that is not of this kind.
   */
  async takeUp(): Promise<EarlierFiles | undefined> {
    const names = await this.#names()
    this.#segments = highest(names, SEGMENT)
    this.#inits = highest(names, INIT)
    if (!names.includes(PLAYLIST)) return undefined
    const playlist = readPlaylist(await readFile(this.playlistPath, 'utf8'))
    if (playlist === undefined) {
      const problem = `${this.playlistPath} is not one of its playlists, with which it could go on`
      throw new OutputError('HlsWriter', `${problem}; take another directory, or onExisting: 'replace'`)
    }
    const listed = new Set(playlist.segments.flatMap(({ uri, initUri }) => [uri, initUri]))
    const unlisted = names.filter(name => (SEGMENT.test(name) || INIT.test(name)) && !listed.has(name))
    return { playlist, unlisted }
  }

  /** The path of the next segment. */
  nextSegment(): string {
    return join(this.#path, `segment-${String(++this.#segments).padStart(6, '0')}.m4s`)
  }

  /** Writes a header; gives its name. */
  async writeInit(bytes: Uint8Array): Promise<string> {
    const name = `init-${++this.#inits}.mp4`
    await this.#writeWhole(name, bytes)
    return name
  }

  async writePlaylist(text: string): Promise<void> {
    await this.#writeWhole(PLAYLIST, Buffer.from(text))
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.#path, name), { force: true })
  }

  async #names(): Promise<string[]> {
    try {
      return await readdir(this.#path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }

  async #writeWhole(name: string, bytes: Uint8Array): Promise<void> {
    const file = await AtomicFile.open(join(this.#path, name))
    try {
      await file.writeAll([bytes], 0)
    } catch (error) {
      await file.discard()
      throw error
    }
    await file.commit()
  }
}

function highest(names: readonly string[], pattern: RegExp): number {
  return Math.max(0, ...names.map(name => Number(pattern.exec(name)?.[1] ?? 0)))
}
