import type { Track } from '../../matroska/reader/tracks.ts'
import { OutputError } from '../shared/output-error.ts'
import { textCodec } from './text-codecs.ts'

/**
 * Those of a fragment's tracks whose cues are wanted: all of text, or the one of a number or a name. `withData`: also
 * those of text for programs, which a choice by number or name always gives. Throws `OutputError` for a chosen track that
 * is no text, and for one that is encrypted.
 */
export function textTracks(
  tracks: readonly Track[],
  choice: number | string | undefined,
  withData: boolean,
): readonly Track[] {
  const wanted = tracks.filter(track => {
    if (choice !== undefined) return choice === track.number || choice === track.name
    const codec = textCodec(track)
    return codec !== undefined && (withData || codec !== 'data')
  })
  for (const track of wanted) checkTrack(track, tracks)
  return wanted
}

function checkTrack(track: Track, all: readonly Track[]): void {
  if (textCodec(track) === undefined) {
    const texts = all.filter(other => textCodec(other) !== undefined).map(nameOf)
    const others = texts.length === 0 ? 'the stream has none of text' : `of text are: ${texts.join('; ')}`
    throw new OutputError('CueExtractor', `${nameOf(track)} is no text; ${others}`)
  }
  if (track.encrypted) {
    const advice = 'decrypt the stream first, or choose another with `track`'
    throw new OutputError('CueExtractor', `${nameOf(track)} is encrypted; ${advice}`)
  }
}

function nameOf({ number, name, codecId }: Track): string {
  return `track ${number}${name === undefined ? '' : ` ${JSON.stringify(name)}`} (${codecId})`
}
