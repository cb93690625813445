import type { Server } from 'node:net'
import { setOwn } from './own-property.js'

export type HttpServer = Server & { closeIdleConnections?(): void }

/**
 * Keeps `closeIdleConnections()`, which Node's own `close()` calls, from cutting answers: Node takes a
 * connection for idle as soon as `end()` was called, however much of the answer is still to be read.
 * Returns a function that puts back what was there.
 */
export function keepUnsentAnswers(server: HttpServer, isSending: () => boolean): () => void {
  const { closeIdleConnections } = server
  if (closeIdleConnections === undefined) return () => {}
  return setOwn(server, 'closeIdleConnections', () => {
    if (!isSending()) closeIdleConnections.call(server)
  })
}
