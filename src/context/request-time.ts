import { headers } from 'next/headers.js'
import { FST_NEXT_NO_REQUEST } from '../errors.js'

/**
 * Waits until Next renders for a request, and not for a cache: the async context of a request is there
 * in `'use cache'`, `unstable_cache` and the renewal of a page too. In the App Router it makes the route
 * dynamic.
 * @throws FST_NEXT_NO_REQUEST
 */
export async function requestTime(): Promise<void> {
  try {
    const { done } = (await headers()).keys().next()
    // `dynamic = 'force-static'` leaves none, and every request has some.
    if (done) throw new TypeError('The route is static')
  } catch (cause) {
    if (isForNext(cause)) throw cause
    if (!isInAfter(cause)) throw new FST_NEXT_NO_REQUEST({ cause })
  }
}

/**
 * Whether it is what makes a route dynamic, or ends a prerender: `unstable_rethrow()` of `next/navigation`
 * tells, which route handlers and pages can't both import from a package.
 */
function isForNext(error: unknown): boolean {
  const { digest, code } = Object(error)
  return digest !== undefined || code !== undefined
}

/** Next has this error for `after()` in the render of a request, and for nothing else. */
function isInAfter(error: unknown): boolean {
  return error instanceof Error && error.message.includes('inside `after()`')
}
