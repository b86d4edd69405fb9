let isHandled = false

/** Whoever reads our output may stop early (`| head`): that is an end, not a failure. */
export function endQuietlyOnBrokenPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    if (!isHandled) process.exit(0)
  })
}

/** From now on the command deals with a broken pipe itself: it may have files to finish. */
export function handleBrokenPipe(): void {
  isHandled = true
}
