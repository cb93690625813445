import type { Duplex } from 'node:stream'
import { ignoreErrors } from './refuse.js'

/** The sockets that Next has been handed. */
export class Sockets {
  readonly #sockets = new Set<Duplex>()

  add(socket: Duplex): void {
    this.#sockets.add(socket)
    ignoreErrors(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  destroy(): void {
    // The proxy of a rewrite closes its own connection with an error of the client's, and not else.
    for (const socket of this.#sockets) socket.destroy(new Error('The server closes.'))
  }
}
