import type { IncomingMessage } from 'node:http'
import { isWithinNext } from '../background.js'

/**
 * Returns to hooks and logs the URL of the client, which Next has changed for its own use: it has taken
 * the basePath off, for example. Next goes on with its own, with which it renews a page after it has
 * answered with the one before.
 */
export function returnUrl(request: IncomingMessage, ofClient: string | undefined): void {
  if (request.url === ofClient) return
  let ofNext = request.url
  let ofOthers = ofClient
  Object.defineProperty(request, 'url', {
    configurable: true,
    enumerable: true,
    get: () => (isWithinNext() ? ofNext : ofOthers),
    set(url: string | undefined) {
      if (isWithinNext()) ofNext = url
      else ofOthers = url
    }
  })
}
