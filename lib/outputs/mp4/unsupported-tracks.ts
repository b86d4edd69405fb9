/**
 * What to do with a track that MP4 cannot carry. Apart from `mp4-track.ts`, whose types are mediabunny's: nobody needs to
 * have that to compile against our own.
 */
export type UnsupportedTracks = 'error' | 'leave-out'
