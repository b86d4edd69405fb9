// Runs in the page, ahead of its own scripts: writes down what its video shows and tells.

const WIDTH = 320
const HEIGHT = 240
const SQUARE = 40

const context = new OffscreenCanvas(WIDTH, HEIGHT).getContext('2d', { willReadFrequently: true })

/** What the video shows now: its time on the video's clock, the colour of its middle, the number that its squares make. */
function look(video) {
  // The time of the callback is no help: while it waited for its turn, the video may have gone on.
  const frame = new VideoFrame(video)
  const seconds = frame.timestamp / 1_000_000
  context.drawImage(frame, 0, 0, WIDTH, HEIGHT)
  frame.close()
  const colour = [...context.getImageData(WIDTH / 2, HEIGHT / 2, 1, 1).data.slice(0, 3)]
  const squares = context.getImageData(0, HEIGHT - SQUARE / 2, WIDTH, 1).data
  let number = 0
  for (let bit = 0; bit < WIDTH / SQUARE; bit++) {
    if (squares[(bit + 0.5) * SQUARE * 4] > 127) number += 2 ** bit
  }
  return { seconds, colour, number }
}

const rangesOf = ({ buffered }) =>
  Array.from({ length: buffered.length }, (_, index) => [buffered.start(index), buffered.end(index)])

window.watched = {
  /** Every picture that was put on the screen, with its time on the video's clock. */
  pictures: [],
  /** What the video told of, with its clock and what was there to play. */
  events: [],
  /** What there is to play, in seconds. */
  buffered: () => rangesOf(document.querySelector('video')),
  quality: () => {
    const { totalVideoFrames, droppedVideoFrames } = document.querySelector('video').getVideoPlaybackQuality()
    return { totalVideoFrames, droppedVideoFrames }
  },
  /** Goes to a time, and tells what is shown there. */
  seek(seconds) {
    const video = document.querySelector('video')
    video.pause()
    return new Promise(resolve => {
      video.requestVideoFrameCallback((_now, { mediaTime }) =>
        resolve({ seconds: mediaTime, ...look(video) }),
      )
      video.currentTime = seconds
    })
  },
}

function watchPictures(video) {
  video.requestVideoFrameCallback(() => {
    window.watched.pictures.push(look(video))
    watchPictures(video)
  })
}

for (const type of ['loadstart', 'playing', 'waiting', 'stalled', 'emptied', 'error', 'ended']) {
  // They do not bubble, but they are captured on their way down.
  document.addEventListener(
    type,
    ({ target }) => {
      if (type === 'loadstart') watchPictures(target)
      const message = target.error?.message
      const event = { type, seconds: target.currentTime, buffered: rangesOf(target) }
      window.watched.events.push(message === undefined ? event : { ...event, message })
    },
    true,
  )
}
