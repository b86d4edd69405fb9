import { isAnnexB } from '../../matroska/codecs/nal-units.ts'
import { withVideoSettings } from '../../mp4/movie-patch.ts'
import { OutputError } from '../shared/output-error.ts'
import type { Chunk } from './chunker.ts'
import type { Mediabunny } from './mediabunny-module.ts'
import { type Mp4Track, namesOf, type VideoTrack, videoSettingsOf } from './mp4-track.ts'

/** The header of a fragmented MP4 (`ftyp` and `moov`), by mediabunny; its track ids count from 1 in the order of `tracks`. */
export async function initSegment(
  mediabunny: Mediabunny,
  tracks: readonly Mp4Track[],
  first: Chunk,
): Promise<Uint8Array> {
  const { BufferTarget, CmafOutputFormat, NullTarget, Output } = mediabunny
  const initTarget = new BufferTarget()
  const output = new Output({ format: new CmafOutputFormat(), target: new NullTarget(), initTarget })
  for (const track of tracks) addTrack(mediabunny, output, track, first)
  await output.start()
  await output.finalize()
  return withVideoSettings(new Uint8Array(initTarget.buffer!), tracks.map(videoSettingsOf))
}

type Output = InstanceType<Mediabunny['Output']>

function addTrack(mediabunny: Mediabunny, output: Output, mp4: Mp4Track, first: Chunk): void {
  const { EncodedAudioPacketSource, EncodedVideoPacketSource } = mediabunny
  const metadata = namesOf(mp4)
  if (mp4.type === 'audio') {
    output.addAudioTrack(new EncodedAudioPacketSource(mp4.codec), { ...metadata, decoderConfig: mp4.config })
    return
  }
  output.addVideoTrack(new EncodedVideoPacketSource(mp4.codec), {
    ...metadata,
    // Not its rate, but what makes its timescale.
    frameRate: mp4.timescale,
    decoderConfig: mp4.config,
    ...(mp4.config.description === undefined ? { primingPacket: primingPacket(mediabunny, mp4, first) } : {}),
  })
}

/** A keyframe that carries the parameter sets which the track does not. */
function primingPacket({ EncodedPacket }: Mediabunny, { track }: VideoTrack, { frames }: Chunk) {
  const keyframe = frames.find(({ frame }) => frame.track === track.number && frame.keyframe)?.frame
  if (keyframe === undefined || !isAnnexB(keyframe.data)) {
    const problem = track.codec.kind === 'unreadable' ? track.codec.problem : 'it has no parameter sets'
    throw new OutputError('MP4', `track ${track.number}: ${problem}, and its first frames hold none either`)
  }
  return new EncodedPacket(keyframe.data, 'key', 0, 0)
}
