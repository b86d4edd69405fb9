import { AtomicFile } from '../shared/atomic-file.ts'
import { OutputError } from '../shared/output-error.ts'
import { mostDataBytes, type WavLayout, wavHeader, wavHeaderBytes } from './wav-header.ts'

/** Sample frames in a page, and pages in memory. */
const PAGE_FRAMES = 16_384
const MOST_PAGES = 4

type Page = { readonly bytes: Buffer; isDirty: boolean }

/**
 * A WAV file whose samples may be written in any order, each interleaved with what the other slots have at its moment.
 * What is never written is silence, and takes no room on most file systems. Memory: four pages of 16,384 sample frames.
 */
export class SampleFile {
  readonly layout: WavLayout
  /** Sample frames up to the last that was written. */
  frames = 0
  readonly #file: AtomicFile
  readonly #slotBytes: number
  readonly #frameBytes: number
  readonly #headerBytes: number
  /** The one used last comes last. */
  readonly #pages = new Map<number, Page>()
  /** Pages that are in the file, and so must be read before they are changed. */
  readonly #storedPages = new Set<number>()

  private constructor(file: AtomicFile, layout: WavLayout, slots: number) {
    this.#file = file
    this.layout = layout
    this.#frameBytes = layout.channels * layout.bytesPerSample
    this.#slotBytes = this.#frameBytes / slots
    this.#headerBytes = wavHeaderBytes(layout)
  }

  /** `slots` tracks share each sample frame evenly. */
  static async open(path: string, layout: WavLayout, slots: number): Promise<SampleFile> {
    const sampleFile = new SampleFile(await AtomicFile.open(path), layout, slots)
    // Readers take a size that is too large for "to the end of the file", should this header be the last.
    await sampleFile.#file.writeAll([wavHeader(layout, mostDataBytes(layout))], 0)
    return sampleFile
  }

  get path(): string {
    return this.#file.path
  }

  /** Rejects with `OutputError` where the file would be larger than a WAV file can be. */
  async write(slot: number, position: number, samples: Uint8Array): Promise<void> {
    const count = samples.length / this.#slotBytes
    if ((position + count) * this.#frameBytes > mostDataBytes(this.layout)) {
      throw new OutputError('WavWriter', `${this.path} would be over 4 GiB, the most that a WAV file holds`)
    }
    for (let done = 0; done < count; ) {
      const at = position + done
      const page = await this.#page(Math.floor(at / PAGE_FRAMES))
      const inPage = at % PAGE_FRAMES
      const some = Math.min(PAGE_FRAMES - inPage, count - done)
      const from = done * this.#slotBytes
      this.#interleave(page.bytes, inPage, slot, samples.subarray(from, from + some * this.#slotBytes))
      page.isDirty = true
      done += some
    }
    this.frames = Math.max(this.frames, position + count)
  }

  /**
   * Rights the header and gives the file its name. Where that fails, as on a full disk, it keeps the samples that are in it,
   * which `frames` counts then, and gives the failure; without a sample there is no file.
   */
  async finish(): Promise<Error | undefined> {
    let failure: Error | undefined
    try {
      for (const [index, page] of this.#pages) await this.#store(index, page)
      await this.#setSize()
    } catch (error) {
      failure = error as Error
      await this.#keepWhatIsWritten()
    }
    this.#pages.clear()
    if (this.frames === 0) await this.#file.discard()
    else await this.#file.commit()
    return failure
  }

  /** The last page is written whole, and a chunk of odd length is padded. */
  async #setSize(): Promise<void> {
    const dataBytes = this.frames * this.#frameBytes
    await this.#file.handle.truncate(this.#headerBytes + dataBytes + (dataBytes % 2))
    await this.#file.writeAll([wavHeader(this.layout, dataBytes)], 0)
  }

  async #keepWhatIsWritten(): Promise<void> {
    const { size } = await this.#file.handle.stat()
    const whole = Math.max(0, Math.floor((size - this.#headerBytes) / this.#frameBytes))
    // There may be no room for a pad.
    const isPadded = (frames: number) => (frames * this.#frameBytes) % 2 === 1
    this.frames = Math.min(this.frames, isPadded(whole) ? whole - 1 : whole)
    if (this.frames > 0) await this.#setSize()
  }

  #interleave(page: Buffer, inPage: number, slot: number, samples: Uint8Array): void {
    const slotBytes = this.#slotBytes
    const frameBytes = this.#frameBytes
    let at = inPage * frameBytes + slot * slotBytes
    if (slotBytes === frameBytes) {
      page.set(samples, at)
      return
    }
    for (let from = 0; from < samples.length; from += slotBytes, at += frameBytes) {
      for (let i = 0; i < slotBytes; i++) page[at + i] = samples[from + i]!
    }
  }

  async #page(index: number): Promise<Page> {
    let page = this.#pages.get(index)
    if (page !== undefined) this.#pages.delete(index)
    else {
      page = { bytes: await this.#freeBytes(), isDirty: false }
      if (this.#storedPages.has(index))
        await this.#file.handle.read(page.bytes, 0, page.bytes.length, this.#at(index))
    }
    this.#pages.set(index, page)
    return page
  }

  /** Those of the page that has not been used for the longest, once there are enough: an hour of pages would be much to collect. */
  async #freeBytes(): Promise<Buffer> {
    const [[index, page] = []] = this.#pages
    if (this.#pages.size < MOST_PAGES || index === undefined || page === undefined) {
      return Buffer.alloc(PAGE_FRAMES * this.#frameBytes)
    }
    await this.#store(index, page)
    this.#pages.delete(index)
    return page.bytes.fill(0)
  }

  async #store(index: number, page: Page): Promise<void> {
    if (!page.isDirty) return
    await this.#file.writeAll([page.bytes], this.#at(index))
    this.#storedPages.add(index)
    page.isDirty = false
  }

  #at(page: number): number {
    return this.#headerBytes + page * PAGE_FRAMES * this.#frameBytes
  }
}
