import { existsSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { FST_NEXT_ERROR_PAGE_UNSUPPORTED } from '../errors.js'

/** The paths of the pages that Next answers with when it has no other. */
export interface ErrorPages {
  notFound: string
  /**
   * The `_error` of the Pages Router has no path, and in development the App Router's page has none
   * either: `_error` then shows the error in Next's overlay.
   */
  error: string | undefined
}

/** Renders the error page of the Pages Router, under the status that the response has. */
export type RenderError = (
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse
) => Promise<void>

/** @param distDir absolute; in development the sources decide, since nothing is built yet */
export function errorPagesOf(dir: string, distDir: string, dev: boolean): ErrorPages {
  const hasAppRouter = dev
    ? existsSync(join(dir, 'app')) || existsSync(join(dir, 'src', 'app'))
    : isBuilt(distDir, '/_not-found/page')
  if (!hasAppRouter) return { notFound: '/404', error: undefined }
  return { notFound: '/_not-found', error: dev ? undefined : '/_global-error' }
}

function isBuilt(distDir: string, page: string): boolean {
  try {
    const manifest = readFileSync(join(distDir, 'server', 'app-paths-manifest.json'), 'utf8')
    return Object.hasOwn(JSON.parse(manifest) as object, page)
  } catch {
    return false
  }
}

/**
 * Finds the way to the `_error` of a prepared app. The documented one, `app.renderError`, is
 * deprecated and warns; the server behind it has the same and does not.
 */
export function errorRenderer(app: object, dev: boolean): RenderError {
  const { server } = app as { server?: { renderError?: unknown } }
  if (typeof server?.renderError !== 'function') return unsupported
  const { renderError } = server
  return async (error, request, response) => {
    // The page gets what it is given as `err`, and may show its message.
    await renderError.call(server, dev ? error : null, request, response, '/_error', {})
  }
}

const unsupported: RenderError = async (_error, _request, { statusCode }) => {
  throw Object.assign(new FST_NEXT_ERROR_PAGE_UNSUPPORTED(), { statusCode })
}
