import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Whether there is no client any more. The responses of HTTP/2 leave that to their stream. */
export function hasLeft(raw: ServerResponse & { stream?: { destroyed: boolean } }): boolean {
  return raw.destroyed || raw.stream?.destroyed === true
}

/** Ends the connection, so that no client takes an answer that has begun for a complete one. */
export function cutOff(raw: ServerResponse, failure: Error): void {
  // Without an error a stream of HTTP/2 closes as if all were well.
  if (raw.req.httpVersionMajor === 2) raw.destroy(failure)
  else raw.destroy()
}

/** A response without a socket, which passes on what concerns the connection and not the answer. */
export class ConnectionResponse extends ServerResponse {
  declare socket: Socket | null
  readonly raw: ServerResponse

  /** @param raw the response that has the socket */
  constructor(request: IncomingMessage, raw: ServerResponse) {
    super(request)
    this.raw = raw
    this.socket = raw.socket
  }

  override setTimeout(ms: number, callback?: () => void): this {
    this.raw.setTimeout(ms, callback)
    return this
  }

  override writeContinue(callback?: () => void): void {
    this.raw.writeContinue(callback)
  }

  override writeEarlyHints(hints: Record<string, string | string[]>, callback?: () => void): void {
    this.raw.writeEarlyHints(hints, callback)
  }

  override writeProcessing(callback?: () => void): void {
    // HTTP/2 responses of Node have none.
    this.raw.writeProcessing?.(callback)
  }

  // `raw` corks the socket around its own writes.
  override cork(): void {}
  override uncork(): void {}
}
