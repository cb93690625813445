import { Server } from 'node:net'
import { setOwn } from './own-property.js'

/**
 * Leaves it to Fastify when a server closes. Node calls `close()` itself at the signal of `listen()`,
 * in the very turn in which Fastify begins to close, and a server that has stopped listening says
 * `close` with its last connection, at which Fastify closes the second one of `localhost`. Returns a
 * function that ends this.
 */
export function holdClose(server: Server): () => void {
  const emit = server.emit.bind(server)
  const hold = (event: string, ...args: unknown[]): boolean =>
    event !== 'close' && emit(event, ...args)
  const restores = [
    setOwn(server, 'emit', hold as Server['emit']),
    setOwn(server, 'close', callback => {
      if (callback) server.once('close', callback)
      return server
    })
  ]
  return () => {
    for (const restore of restores) restore()
  }
}

/** Accepts no more connections. */
export function stopListening(server: Server): void {
  // The `close()` of HTTP servers would cut idle connections at once.
  if (server.listening) Server.prototype.close.call(server)
}
