import { elementDefinition, schemaPath } from '../schema/element.ts'
import { ELEMENT_IDS as ID } from '../schema/elements.ts'

/** All that the schema has in a TrackEntry: what is not read is handed on as it was sent. */
const TRACK_ELEMENTS = Object.values(ID).filter(id =>
  `${schemaPath(elementDefinition(id)!)}/`.startsWith('Segment/Tracks/TrackEntry/'),
)

/** Elements that are read whole before they are told. */
export const TREES: ReadonlySet<number> = new Set([
  ...[ID.EBML, ID.SeekHead, ID.Info, ID.Tracks, ID.Tags, ID.BlockGroup],
])

/** Elements that are read; all others are skipped. */
export const WANTED: ReadonlySet<number> = new Set([
  ...[ID.EBML, ID.DocType, ID.DocTypeVersion],
  ...[ID.Segment, ID.Cluster, ID.Timestamp, ID.SimpleBlock],
  ...[ID.SeekHead, ID.Seek, ID.SeekID, ID.SeekPosition],
  ...[ID.BlockGroup, ID.Block, ID.BlockDuration, ID.ReferenceBlock, ID.DiscardPadding],
  ...[ID.BlockAdditions, ID.BlockMore, ID.BlockAddID, ID.BlockAdditional],
  ...[ID.Info, ID.TimestampScale, ID.Duration, ID.Title, ID.MuxingApp, ID.WritingApp],
  ...[ID.Tracks, ...TRACK_ELEMENTS],
  ...[ID.Tags, ID.Tag, ID.Targets, ID.TargetTypeValue, ID.TagTrackUID],
  ...[ID.SimpleTag, ID.TagName, ID.TagString, ID.TagBinary, ID.TagLanguage, ID.TagLanguageBCP47],
])
