import type { Track } from '../../matroska/reader/tracks.ts'
import { CONNECT_TRACKS, OLD_CONNECT_TRACK } from '../wav/pcm-format.ts'

/**
 * `annexb`: NAL units behind start codes; `h264` and `h265` are the same of one codec alone. `adts`: AAC, a header before each
 * frame. `pcm`: samples as they came, also G.711's.
 */
export type ElementaryFormat = 'annexb' | 'h264' | 'h265' | 'adts' | 'pcm'

/** Format tags of RFC 2361: PCM, IEEE float, A-law, mu-law. */
const SAMPLE_FORMAT_TAGS = [0x0001, 0x0003, 0x0006, 0x0007]

/**
 * The formats that a track's frames can be written in, the likeliest first. Amazon Connect marks PCM as A_AAC: its tracks are
 * known by their names, and any other A_AAC whose CodecPrivate says nothing is PCM only if the user says so.
 */
export function formatsOf({ codecId, codec, name = '' }: Track): readonly ElementaryFormat[] {
  const kind = nalKind(codecId)
  if (kind !== undefined) return ['annexb', kind]
  if (codec.kind === 'pcm') return ['pcm']
  if (codec.kind === 'wave-format') return SAMPLE_FORMAT_TAGS.includes(codec.formatTag) ? ['pcm'] : []
  if (!codecId.startsWith('A_AAC')) return []
  if (name === OLD_CONNECT_TRACK || CONNECT_TRACKS.includes(name)) return ['pcm', 'adts']
  return codec.kind === 'aac' ? ['adts'] : ['adts', 'pcm']
}

/** By the codec id, whatever the CodecPrivate says. */
export function nalKind(codecId: string): 'h264' | 'h265' | undefined {
  if (/^V_MPEG4?\/ISO\/AVC$/.test(codecId)) return 'h264'
  return codecId === 'V_MPEGH/ISO/HEVC' ? 'h265' : undefined
}
