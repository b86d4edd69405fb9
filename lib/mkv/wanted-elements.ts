import { ELEMENT_IDS as ID } from './schema/elements.ts'

/** Elements that are read whole before they are told. */
export const TREES: ReadonlySet<number> = new Set([ID.EBML, ID.Info, ID.Tracks, ID.Tags, ID.BlockGroup])

/** Elements that are read; all others are skipped. */
export const WANTED: ReadonlySet<number> = new Set([
  ...[ID.EBML, ID.DocType, ID.DocTypeVersion],
  ...[ID.Segment, ID.Cluster, ID.Timestamp, ID.SimpleBlock],
  ...[ID.BlockGroup, ID.Block, ID.BlockDuration, ID.ReferenceBlock],
  ...[ID.Info, ID.TimestampScale, ID.Duration, ID.Title, ID.MuxingApp, ID.WritingApp],
  ...[
    ID.Tracks,
    ID.TrackEntry,
    ID.TrackNumber,
    ID.TrackUID,
    ID.TrackType,
    ID.Name,
    ID.Language,
    ID.LanguageBCP47,
  ],
  ...[ID.CodecID, ID.CodecName, ID.CodecPrivate, ID.DefaultDuration],
  ...[ID.Video, ID.PixelWidth, ID.PixelHeight, ID.DisplayWidth, ID.DisplayHeight],
  ...[ID.Audio, ID.SamplingFrequency, ID.Channels, ID.BitDepth],
  ...[ID.ContentEncodings, ID.ContentEncoding, ID.ContentEncodingOrder, ID.ContentEncodingScope],
  ...[ID.ContentEncodingType, ID.ContentCompression, ID.ContentCompAlgo, ID.ContentCompSettings],
  ...[ID.Tags, ID.Tag, ID.Targets, ID.TargetTypeValue, ID.TagTrackUID],
  ...[ID.SimpleTag, ID.TagName, ID.TagString, ID.TagBinary, ID.TagLanguage, ID.TagLanguageBCP47],
])
