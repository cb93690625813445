import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

/** All other upgrades a server may ignore, and answer the request as if it asked for none: RFC 9110, 7.8. */
export function isForWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
}

/**
 * Takes out of the headers for Next what asks for an upgrade: nobody listens for it, so to Node the
 * request is an ordinary one. The proxy of Next's rewrites would ask the next server for it, and have
 * no answer when it gets it. It is for one connection only: RFC 9110, 7.8.
 */
export function leaveOutUpgrade(headers: IncomingHttpHeaders): void {
  if (headers.upgrade === undefined) return
  delete headers.upgrade
  const options = String(headers.connection).split(',')
  const others = options.filter(option => option.trim().toLowerCase() !== 'upgrade')
  if (others.length > 0) headers.connection = others.join(',').trim()
  else delete headers.connection
}
