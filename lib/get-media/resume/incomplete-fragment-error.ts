import { GetMediaError } from '../../core/errors.ts'

/** A session ended between two elements of a fragment, without the token that would make it whole. */
export class IncompleteFragmentError extends GetMediaError {
  readonly code = 'ERR_FRAGMENT_INCOMPLETE'

  constructor(fragmentNumber: string | null) {
    super(
      `the session ended before the continuation token of fragment ${fragmentNumber}; it is fetched again`,
      {
        retryable: true,
        fragmentNumber: fragmentNumber ?? undefined,
      },
    )
  }
}
