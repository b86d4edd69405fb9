import { choiceOption } from '../../core/options.ts'
import { FramePlacer, type FramePlacerOptions } from '../shared/timeline/frame-placer.ts'
import { selectTracks } from './mp4-track.ts'
import type { UnsupportedTracks } from './unsupported-tracks.ts'

/** The options that every output of MP4 takes, as they were given. */
type Given = { readonly gaps?: 'keep' | 'close'; readonly onUnsupportedTrack?: UnsupportedTracks }

/** Places the frames of the tracks that MP4 can carry; `placing.gaps` is the default. Throws `OptionError`. */
export function mp4Placer(given: Given, placing: Omit<FramePlacerOptions, 'select'>): FramePlacer {
  const { gaps, output } = placing
  const unsupported = choiceOption('onUnsupportedTrack', given.onUnsupportedTrack, 'error', [
    'error',
    'leave-out',
  ])
  return new FramePlacer({
    ...placing,
    gaps: choiceOption('gaps', given.gaps, gaps, ['keep', 'close']),
    select: tracks => selectTracks(output, tracks, unsupported),
  })
}
