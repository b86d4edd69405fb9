import type { IncomingMessage } from 'node:http'

/** The continuation token of the request's StartSelector. */
export async function tokenOf(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  const { StartSelector } = JSON.parse(Buffer.concat(parts).toString()) as {
    readonly StartSelector?: { readonly ContinuationToken?: string }
  }
  return StartSelector?.ContinuationToken
}
