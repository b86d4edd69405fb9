import { pipeline } from 'node:stream/promises'
import { MkvChunkDemuxer } from '../../lib/get-media/mkv-chunk-demuxer.ts'
import { TagExtractor } from '../../lib/get-media/tag-extractor.ts'
import { WavWriter } from '../../lib/outputs/wav/wav-writer.ts'

/**
 * A program of its own, so that what it takes is its own: `record-call.ts DIRECTORY LAYOUT` writes the files of the call on
 * its standard input, and prints what that took.
 */

const [, , directory = '', layout] = process.argv
const calls = new WavWriter({ directory, layout: layout === 'stereo' ? 'stereo' : 'files' })
await pipeline(process.stdin, new MkvChunkDemuxer(), new TagExtractor(), calls)
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
console.log(JSON.stringify({ peakBytes: maxRSS * 1024, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 }))
