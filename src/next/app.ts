import type { IncomingMessage, ServerResponse } from 'node:http'
import type { UrlWithParsedQuery } from 'node:url'

/** Answers a request with Next, as `next start` would. */
export type NextRequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  parsedUrl?: UrlWithParsedQuery
) => Promise<void>

/**
 * The app that Next's custom server returns.
 * @see https://nextjs.org/docs/app/guides/custom-server
 */
export interface NextApp {
  getRequestHandler(): NextRequestHandler
  prepare(): Promise<void>
  close(): Promise<void>
  /** @deprecated by Next, which warns: use `reply.nextRender()` */
  render(
    request: IncomingMessage,
    response: ServerResponse,
    pathname: string,
    query?: unknown,
    parsedUrl?: Partial<UrlWithParsedQuery>
  ): Promise<void>
  /** @deprecated by Next, which warns: use `reply.nextRender()` */
  renderToHTML(
    request: IncomingMessage,
    response: ServerResponse,
    pathname: string,
    query?: unknown
  ): Promise<string | null>
  /** @deprecated by Next, which warns: use `reply.nextNotFound()` */
  render404(
    request: IncomingMessage,
    response: ServerResponse,
    parsedUrl?: Partial<UrlWithParsedQuery>
  ): Promise<void>
  /** @deprecated by Next, which warns: use `reply.nextRenderError()` */
  renderError(
    error: unknown,
    request: IncomingMessage,
    response: ServerResponse,
    pathname: string,
    query?: unknown
  ): Promise<void>
}
