import { GetMediaError, getMedia, ResourceNotFoundError } from 'getmedia'

try {
  for await (const event of getMedia({ streamName: 'no-such-door' })) console.log(event)
} catch (error) {
  if (!GetMediaError.is(error)) throw error
  console.log(error.code, error.retryable, error.statusCode, error instanceof ResourceNotFoundError)
}
