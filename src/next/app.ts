import type { IncomingMessage, ServerResponse } from 'node:http'
import type { UrlWithParsedQuery } from 'node:url'

/** Answers a request with Next, as `next start` would. */
export type NextRequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  parsedUrl?: UrlWithParsedQuery
) => Promise<void>

/**
 * The app that Next's custom server returns, as far as it is documented and not deprecated.
 * @see https://nextjs.org/docs/app/guides/custom-server
 */
export interface NextApp {
  getRequestHandler(): NextRequestHandler
  prepare(): Promise<void>
  close(): Promise<void>
}
