import { Server } from 'node:net'

/**
 * Has `close()` of a server wait for `stopListening()`: Node calls it itself at the signal of
 * `listen()`, in the very turn in which Fastify begins to close. Returns a function that ends this.
 */
export function holdClose(server: Server): () => void {
  const own = Object.getOwnPropertyDescriptor(server, 'close')
  server.close = callback => {
    if (callback) server.once('close', callback)
    return server
  }
  return () => {
    if (own) Object.defineProperty(server, 'close', own)
    else Reflect.deleteProperty(server, 'close')
  }
}

/** Accepts no more connections. */
export function stopListening(server: Server): void {
  // The `close()` of HTTP servers would cut idle connections at once.
  if (server.listening) Server.prototype.close.call(server)
}
