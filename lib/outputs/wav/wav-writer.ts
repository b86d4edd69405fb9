import { join } from 'node:path'
import { Writable } from 'readable-stream'
import { OptionError } from '../../core/errors.ts'
import { choiceOption, knownOptions, numberOption, optionNames } from '../../core/options.ts'
import type { FragmentEvent, FragmentFrame, FragmentStart, TagRecord } from '../../get-media/events.ts'
import { refusesEvent } from '../../streams/check-input.ts'
import { safeName, UniquePaths } from '../shared/file-names.ts'
import { checkFramesWritten } from '../shared/frames-written.ts'
import { OutputError } from '../shared/output-error.ts'
import { followSignal, WriteQueue } from '../shared/write-queue.ts'
import { type CallFragment, callFrames, recordedTracks, trackNames } from './call-fragment.ts'
import { CallRecording, type CallRecordingOptions, type WavFileReport } from './call-recording.ts'
import { type CallFacts, CallTags } from './call-tags.ts'
import { type ContactChange, ContactGuard } from './contact-guard.ts'
import { formatOption, type PcmEncoding, type PcmFormat } from './pcm-format.ts'

export type { ContactChange, PcmEncoding, PcmFormat, WavFileReport }

export type WavWriterOptions = {
  /** Where the files go; made if it is not there. They are named by contact and track: `CONTACT-AUDIO_FROM_CUSTOMER.wav`. */
  readonly directory: string
  /** A file for each track, or one of all tracks with a channel for each. @default 'files' */
  readonly layout?: 'files' | 'stereo'
  /**
   * Names of the tracks, in the order of the channels. @default AUDIO_FROM_CUSTOMER and AUDIO_TO_CUSTOMER, or the older
   * Track_audio/L16, or else every audio track, those without a name as `track-1`
   */
  readonly tracks?: readonly string[]
  /** What the samples are, against all that the payload says. @default by the MimeType tag, else by the codec */
  readonly format?: PcmFormat
  /**
   * When the stream is used for another call: nothing more is written, files of its own are begun, what is not the first
   * contact's is left out, or it all goes into one recording. @default 'stop'
   */
  readonly onContactChange?: ContactChange
  /** The contact to wait for. @default the first that shows */
  readonly contactId?: string
  /** The tag that names the call; capitals do not matter. @default 'ContactId' */
  readonly contactTag?: string
  /**
   * Timestamps less than this from the sample clock count as jitter. Where a deviation of as much or more stays, there is
   * a gap, an overlap or a drift. 0 puts each block at its timestamp. @default 20
   */
  readonly jitterToleranceMs?: number
  /** A longer silence ends a recording, and the next begins. @default 3600000 (an hour) */
  readonly longestSilenceMs?: number
  /** Destroys the writer when it fires, with `AbortError`; the files so far are kept. */
  readonly signal?: AbortSignal
}

const OPTIONS = optionNames<WavWriterOptions>({
  directory: true,
  layout: true,
  tracks: true,
  format: true,
  onContactChange: true,
  contactId: true,
  contactTag: true,
  jitterToleranceMs: true,
  longestSilenceMs: true,
  signal: true,
})

/** `contact-change`: the stream is used for another call. */
export type ContactChangeEvent = { readonly contactId: string; readonly verdict: 'stop' | 'split' }

type Callback = (error?: Error | null) => void

/** Of a larger fragment the parts are placed by the tags known until then. */
const MOST_FRAGMENT_BYTES = 4 * 1024 * 1024
/** So many fragments wait for the MimeType and the contact; then Amazon Connect's usual format is taken, and no contact. */
const MOST_WAITING = 8

/**
 * A Writable of `FragmentEvent`s that makes WAV files of calls (Amazon Connect, Chime): each speaker's samples where their
 * timestamps say, to the sample, with silence where nothing came. Files have their right header and their name when the
 * stream ends, fails or is destroyed (by `close`, for which a `pipeline` that fails does not wait).
 *
 * A fragment is written when its tags have come, which stand behind its frames or its end: they tell the contact and the
 * format. Takes PCM, and G.711 as 16-bit PCM. Emits `file` (`WavFileReport`) and `contact-change` (`ContactChangeEvent`).
 * Fails with `OutputError` for tracks that are no PCM, and where frames came but none of a track or a contact to record; with
 * `OptionError`, the file system's errors and `AbortError`.
 *
 * Timestamps that wobble around the true time leave no gaps: the samples follow each other, until a deviation stays.
 *
 * Memory: a fragment, or 4 MiB of one, and 256 KiB for each file; until the first MimeType and contact up to 8 fragments;
 * of each speaker up to 64 blocks while a gap is undecided.
 *
 * ```ts
 * const calls = new WavWriter({ directory: 'calls', layout: 'stereo', onContactChange: 'split' })
 * calls.on('file', ({ path, samples }) => console.log(path, samples))
 * await pipeline(getMedia({ streamName: 'connect-1' }), calls)
 * ```
 */
export class WavWriter extends Writable {
  readonly #tracks: readonly string[] | undefined
  readonly #format: PcmFormat | undefined
  readonly #recordingOptions: CallRecordingOptions
  readonly #guard: ContactGuard
  readonly #tags: CallTags
  readonly #queue = new WriteQueue()
  #unfollow: () => void = () => {}
  /** The fragment under way. */
  #start: FragmentStart | undefined
  #frames: FragmentFrame[] = []
  #frameBytes = 0
  /** Its tags, when it has ended; some may still come behind its end. */
  #endTags: TagRecord = {}
  /** Fragments of a format, or at first of a contact, that only a tag to come can tell. */
  #waiting: CallFragment[] = []
  #recording: CallRecording | undefined
  #isStopped = false
  #hasRecorded = false
  #receivedFrames = 0
  #otherContactFrames = 0
  #files = 0
  /** Tracks of fragments of which nothing was recorded. */
  readonly #passedOver = new Set<string>()

  constructor(options: WavWriterOptions) {
    knownOptions('WavWriter', options, OPTIONS)
    super({ objectMode: true, highWaterMark: 16 })
    const { directory, contactId, contactTag = 'ContactId', onContactChange, tracks, format } = options
    if (typeof directory !== 'string' || directory === '')
      throw new OptionError('directory', 'be a path', directory)
    const isList = tracks === undefined || (Array.isArray(tracks) && tracks.length > 0)
    if (!isList) throw new OptionError('tracks', 'be a list of track names', tracks)
    this.#tracks = tracks
    this.#format = formatOption(format)
    const paths = new UniquePaths()
    this.#recordingOptions = {
      layout: choiceOption('layout', options.layout, 'files', ['files', 'stereo']),
      jitterToleranceMs: numberOption('jitterToleranceMs', options.jitterToleranceMs, 20),
      longestSilenceMs: numberOption('longestSilenceMs', options.longestSilenceMs, 3_600_000),
      pathFor: (contact, track) => paths.take(join(directory, fileName(contact, track))),
    }
    const changes: ContactChange[] = ['stop', 'split', 'filter', 'ignore']
    this.#guard = new ContactGuard(
      choiceOption('onContactChange', onContactChange, 'stop', changes),
      contactId,
    )
    this.#tags = new CallTags(contactTag)
    this.#unfollow = followSignal('WavWriter', this, options.signal)
  }

  /** Frames that `onContactChange` or `contactId` kept out, of tracks of any kind: those of another contact, or of none. */
  get otherContactFrames(): number {
    return this.#otherContactFrames
  }

  override _write(event: FragmentEvent, _encoding: string, callback: Callback): void {
    if (refusesEvent('WavWriter', event, callback)) return
    // Most events are frames, and most frames are only held.
    if (event.type === 'frame' && !this.#hold(event)) callback()
    else this.#queue.run(() => this.#take(event), callback)
  }

  override _final(callback: Callback): void {
    this.#queue.run(async () => {
      await this.#end()
      this.#checkRecorded()
    }, callback)
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#unfollow()
    this.#queue.run(
      () => this.#end(),
      later => callback(error ?? later ?? null),
    )
  }

  async #take(event: FragmentEvent): Promise<void> {
    switch (event.type) {
      case 'fragment-start':
        // A fragment that never ended has come as far as it has.
        await this.#endFragment()
        this.#start = event
        break
      case 'frame':
        await this.#release({})
        break
      case 'fragment-end':
        this.#endTags = event.tags
        break
      case 'late-tags':
        this.#endTags = { ...this.#endTags, ...event.tags }
        break
      case 'warning':
        break
      default:
        await this.#endFragment()
    }
  }

  /** Takes a frame; true when so much is held that it must be written. */
  #hold(frame: FragmentFrame): boolean {
    this.#receivedFrames++
    if (this.#isStopped) {
      this.#otherContactFrames++
      return false
    }
    this.#frames.push(frame)
    this.#frameBytes += frame.data.length
    return this.#frameBytes >= MOST_FRAGMENT_BYTES
  }

  /** Nothing more comes of the fragment under way. */
  async #endFragment(): Promise<void> {
    const tags = this.#endTags
    this.#endTags = {}
    await this.#release(tags)
    this.#start = undefined
  }

  /** Gives on what is held of the fragment under way, with what its tags say. */
  async #release(tags: TagRecord): Promise<void> {
    const start = this.#start
    const frames = this.#frames
    this.#frames = []
    this.#frameBytes = 0
    if (start === undefined) return
    this.#tags.read(start.tags)
    const facts = this.#tags.read(tags)
    if (this.#isStopped) this.#otherContactFrames += frames.length
    if (frames.length === 0 || this.#isStopped) return
    this.#waiting.push({ start, frames, facts })
    const isTold = this.#isFormatTold(start, facts) && (facts.contactId !== undefined || this.#hasRecorded)
    if (isTold || this.#waiting.length >= MOST_WAITING) await this.#writeWaiting()
  }

  #isFormatTold(start: FragmentStart, { mimeType }: CallFacts): boolean {
    if (this.#format !== undefined || mimeType !== undefined) return true
    const names = trackNames(start.tracks, this.#tracks)
    const recorded = recordedTracks(start, names, undefined, undefined)
    return [...recorded.values()].every(({ format }) => format !== undefined)
  }

  async #writeWaiting(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    const { mimeType, contactId } = this.#tags.facts
    for (const { start, frames, facts } of waiting) {
      const known = { mimeType: facts.mimeType ?? mimeType, contactId: facts.contactId ?? contactId }
      await this.#writeFragment({ start, frames, facts: known })
    }
  }

  async #writeFragment(fragment: CallFragment): Promise<void> {
    if (this.#isStopped) {
      this.#otherContactFrames += fragment.frames.length
      return
    }
    const { contactId, mimeType } = fragment.facts
    const verdict = this.#guard.judge(contactId)
    if (verdict === 'leave-out' || verdict === 'stop') this.#otherContactFrames += fragment.frames.length
    if (verdict === 'leave-out') return
    if (verdict === 'stop' || verdict === 'take-apart') {
      this.#isStopped = verdict === 'stop'
      await this.#finishRecording()
      this.emit('contact-change', { contactId, verdict: verdict === 'stop' ? 'stop' : 'split' })
      if (this.#isStopped) return
    }
    const names = trackNames(fragment.start.tracks, this.#tracks)
    const recorded = recordedTracks(fragment.start, names, mimeType, this.#format)
    const call = callFrames(fragment, names, recorded)
    if (call === undefined) {
      for (const { name, number } of fragment.start.tracks) this.#passedOver.add(name || `track-${number}`)
      return
    }
    this.#hasRecorded = true
    if (this.#recording?.accepts(call) === false) await this.#finishRecording()
    this.#recording ??= new CallRecording(call, this.#recordingOptions)
    await this.#recording.write(call)
  }

  async #end(): Promise<void> {
    try {
      await this.#endFragment()
      await this.#writeWaiting()
    } finally {
      await this.#finishRecording()
    }
  }

  /** A name that was misspelt, or a stream without sound, would else give no file and no word. */
  #checkRecorded(): void {
    if (this.#hasRecorded || this.#passedOver.size === 0) {
      checkFramesWritten('WavWriter', {
        received: this.#receivedFrames,
        written: this.#files,
        unwritten: [[this.#otherContactFrames, 'of other contacts than the one to record']],
        advice: 'see `contactId` and `onContactChange`',
      })
      return
    }
    const wanted = this.#tracks === undefined ? 'an audio track' : this.#tracks.join(' or ')
    const problem = `no frame of ${wanted} came; the stream has ${[...this.#passedOver].join(', ')}`
    throw new OutputError('WavWriter', problem)
  }

  async #finishRecording(): Promise<void> {
    const recording = this.#recording
    this.#recording = undefined
    if (recording === undefined) return
    const { reports, failure } = await recording.finish()
    this.#files += reports.length
    for (const report of reports) this.emit('file', report)
    if (failure !== undefined) throw failure
  }
}

function fileName(contactId: string | undefined, track: string | undefined): string {
  const parts = [contactId, track].filter(part => part !== undefined).map(safeName)
  return `${parts.length === 0 ? 'call' : parts.join('-')}.wav`
}
