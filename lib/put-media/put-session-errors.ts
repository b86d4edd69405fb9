import { GetMediaError } from '../core/errors.ts'

/** The service ended a session before it had acknowledged what was sent; it is sent again. */
export class PutSessionEndedError extends GetMediaError {
  readonly code = 'ERR_PUT_SESSION_ENDED'

  constructor(unacknowledged: number) {
    const what = unacknowledged === 1 ? 'a fragment was' : `${unacknowledged} fragments were`
    super(`PutMedia: the service ended the session before ${what} acknowledged; sent again in a new one`, {
      retryable: true,
    })
  }
}

/** The service says RECEIVED of every fragment, and PERSISTED of none: the stream keeps nothing. */
export class NotPersistedError extends GetMediaError {
  readonly code = 'ERR_PUT_NOT_PERSISTED'

  constructor(received: number) {
    super(
      `PutMedia: the service has acknowledged ${received} fragments as RECEIVED and never one as PERSISTED; ` +
        "the stream's data retention is 0, it seems: raise it, or set `durability: 'received'`",
    )
  }
}
