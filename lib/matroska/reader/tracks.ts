import type { CodecData } from '../codecs/codec-data.ts'

export type TrackType =
  | 'video'
  | 'audio'
  | 'complex'
  | 'logo'
  | 'subtitle'
  | 'buttons'
  | 'control'
  | 'metadata'
  | 'unknown'

/** Segment\Tracks\TrackEntry (RFC 9559, section 5.1.4.1). */
export type Track = {
  readonly number: number
  readonly uid: bigint | undefined
  readonly type: TrackType
  readonly codecId: string
  readonly codecName: string | undefined
  readonly name: string | undefined
  readonly language: string
  /** The CodecPrivate as it was sent, with the track's compression undone where it covers it. */
  readonly codecPrivate: Uint8Array | undefined
  /** What the CodecPrivate says, for the codecs that Kinesis Video producers use. */
  readonly codec: CodecData
  /** Frame duration, from DefaultDuration. */
  readonly defaultDurationMs: number | undefined
  /** What a decoder gives first and nobody is to hear; to be taken off each timestamp of the track. */
  readonly codecDelayMs: number | undefined
  /** What must be decoded before the moment that a player seeks to. */
  readonly seekPreRollMs: number | undefined
  readonly flags: TrackFlags
  readonly video: VideoSettings | undefined
  readonly audio: AudioSettings | undefined
  /** True where the frames are encrypted; they are handed on as they were sent. */
  readonly encrypted: boolean
  /**
   * Elements of the TrackEntry that no field tells completely, one behind the other, as they were sent: an output that writes Matroska
   * writes them again, and the fields as they are here. Among them are the ContentEncodings that the frames still have. Void
   * and CRC-32, FlagLacing, TrackTimestampScale, which the frames' times include, and links to attachments, which are not
   * read, are left out.
   */
  readonly otherElements?: Uint8Array | undefined
}

/** What players choose a track by (RFC 9559, sections 5.1.4.1.4 to 5.1.4.1.11); `undefined` where the payload does not say. */
export type TrackFlags = {
  readonly enabled: boolean
  readonly default: boolean
  readonly forced: boolean
  readonly hearingImpaired: boolean | undefined
  readonly visualImpaired: boolean | undefined
  readonly textDescriptions: boolean | undefined
  readonly original: boolean | undefined
  readonly commentary: boolean | undefined
}

export type VideoSettings = {
  readonly pixelWidth: number
  readonly pixelHeight: number
  readonly displayWidth: number | undefined
  readonly displayHeight: number | undefined
  readonly colour: ColourSettings | undefined
  /**
   * Unit of DisplayWidth and DisplayHeight: 0 pixels, 1 centimetres, 2 inches, 3 display aspect ratio, 4 unknown. Absent
   * where the payload does not say, which means pixels. Also among `otherElements`, as are `crop` and `projection`.
   */
  readonly displayUnit?: number
  /** Pixels to hide at each edge of the picture (PixelCropTop and so on). Absent where there are none. */
  readonly crop?: PixelCrop
  /** How the picture is projected and turned. Absent where the payload does not say. */
  readonly projection?: VideoProjection
  /** Of Video, as those of the track: interlacing, stereo mode, cropping, projection … */
  readonly otherElements?: Uint8Array | undefined
}

/** Video\PixelCropTop, PixelCropBottom, PixelCropLeft and PixelCropRight (RFC 9559, section 5.1.4.1.28.8), in pixels. */
export type PixelCrop = {
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
}

/** Video\Projection (RFC 9559, section 5.1.4.1.28.41). */
export type VideoProjection = {
  /** 0 rectangular, 1 equirectangular, 2 cubemap, 3 mesh. */
  readonly type: number
  /** Degrees, as written. Positive roll turns the picture counter-clockwise. */
  readonly yawDegrees: number
  readonly pitchDegrees: number
  readonly rollDegrees: number
}

/** Video\Colour (RFC 9559, section 5.1.4.1.28.16), by the numbers of ITU-T H.273, where 2 is "unspecified". */
export type ColourSettings = {
  readonly matrixCoefficients: number
  readonly transferCharacteristics: number
  readonly primaries: number
  /** 0: unspecified, 1: broadcast range, 2: full range, 3: by the matrix and the transfer. */
  readonly range: number
  /** 0: unspecified. */
  readonly bitsPerChannel: number
  /** MaxCLL and MaxFALL, in candelas per square metre. Also among `otherElements`, as is `mastering`. */
  readonly maxContentLight?: number
  readonly maxFrameAverageLight?: number
  readonly mastering?: MasteringMetadata
  /** Of Colour, as those of the track: chroma positions, light levels, mastering metadata. */
  readonly otherElements?: Uint8Array | undefined
}

/** Colour\MasteringMetadata (SMPTE ST 2086): CIE 1931 chromaticities, luminance in candelas per square metre. */
export type MasteringMetadata = {
  readonly red?: Chromaticity
  readonly green?: Chromaticity
  readonly blue?: Chromaticity
  readonly whitePoint?: Chromaticity
  readonly luminanceMax?: number
  readonly luminanceMin?: number
}

export type Chromaticity = { readonly x: number; readonly y: number }

export type AudioSettings = {
  readonly samplingFrequencyHz: number
  readonly channels: number
  readonly bitDepth: number | undefined
  /** The rate that it is played at, where that is not `samplingFrequencyHz`, as with SBR. Also among `otherElements`. */
  readonly outputSamplingFrequencyHz?: number
  /** Of Audio, as those of the track: the rate that it is played at, emphasis … */
  readonly otherElements?: Uint8Array | undefined
}
