import { existsSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { FST_NEXT_ERROR_PAGE_UNSUPPORTED } from '../errors.js'
import { type PathConfig, pagePath } from './page-path.js'

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** The pages that Next answers with when it has no other, under the status that a response has. */
export interface ErrorPages {
  renderNotFound: Handle
  renderError(error: unknown, ...args: Parameters<Handle>): Promise<void>
}

interface Facts extends PathConfig {
  dev: boolean
  hasAppRouter: boolean
}

type Method = (...args: unknown[]) => Promise<void>

/**
 * Finds the way to the error pages of a prepared app.
 *
 * Asked for by their paths, the app's proxy would see them, and could lead to a sign-in instead. The
 * documented `app.render404()` and `app.renderError()` are deprecated and warn. The server behind
 * them does neither, and it alone has the `_error` of the Pages Router.
 */
export function findErrorPages(app: object, handle: Handle, facts: Facts): ErrorPages {
  const { dev, hasAppRouter } = facts
  const { server } = app as { server?: Record<string, unknown> }
  const method = (name: string): Method | undefined =>
    typeof server?.[name] === 'function' ? (server[name] as Method).bind(server) : undefined
  const [render, render404, renderError] = ['render', 'render404', 'renderError'].map(method)

  const byPath =
    (path: string): Handle =>
    (request, response) => {
      request.url = pagePath(path, facts)
      return handle(request, response)
    }

  return {
    renderNotFound: render404 ?? byPath(hasAppRouter ? '/_not-found' : '/404'),
    renderError(error, request, response) {
      // The App Router's page is made by the build.
      if (hasAppRouter && !dev) {
        if (render === undefined) return byPath('/_global-error')(request, response)
        return render(request, response, '/_global-error', {})
      }
      if (renderError === undefined) return unsupported(response)
      // In development Next's overlay shows the error. In production the page would be given it.
      return renderError(dev ? error : null, request, response, '/_error', {})
    }
  }
}

async function unsupported({ statusCode }: ServerResponse): Promise<never> {
  throw Object.assign(new FST_NEXT_ERROR_PAGE_UNSUPPORTED(), { statusCode })
}

/** @param distDir absolute; in development the sources decide, since nothing is built yet */
export function hasAppRouter(dir: string, distDir: string, dev: boolean): boolean {
  if (dev) return existsSync(join(dir, 'app')) || existsSync(join(dir, 'src', 'app'))
  try {
    const manifest = readFileSync(join(distDir, 'server', 'app-paths-manifest.json'), 'utf8')
    return Object.hasOwn(JSON.parse(manifest) as object, '/_not-found/page')
  } catch {
    return false
  }
}
