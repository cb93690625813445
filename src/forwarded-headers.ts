import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { trackOwnConnections } from './own-connections.js'

/** Takes the `x-forwarded-*` headers that Fastify does not believe out of those for Next. */
export type ForwardedHeaderFilter = (request: FastifyRequest, headers: IncomingHttpHeaders) => void

const PREFIX = 'x-forwarded-'
const PROBE = { 'x-forwarded-host': 'believed' }

/**
 * Next believes these headers from everybody: with an `X-Forwarded-Host` of its choice a client
 * passes the origin check of Server Actions (next/dist/server/app-render/action-handler.js).
 *
 * Next itself sends them to its own server, for the page after an action's redirect and for an action
 * of another page.
 */
export function forwardedHeaderFilter(fastify: FastifyInstance): ForwardedHeaderFilter {
  const own = trackOwnConnections()
  fastify.addHook('onClose', async () => own.stop())
  let hasWarned = false

  return function filter(request, headers) {
    const names = Object.keys(headers).filter(name => name.startsWith(PREFIX))
    if (names.length === 0 || isFromTrustedPeer(request) || own.has(request.raw.socket)) return
    for (const name of names) delete headers[name]
    if (hasWarned) return
    hasWarned = true
    fastify.log.warn(
      `The header "${names[0]}" of a request did not reach Next: Fastify does not trust its sender. ` +
        'If that is your proxy, set the option trustProxy of Fastify to its address.'
    )
  }
}

/** Fastify tells what it makes of `trustProxy` by the host that it takes a request to be for. */
function isFromTrustedPeer(request: FastifyRequest): boolean {
  const probe = Object.create(request, { headers: { value: PROBE } }) as FastifyRequest
  return probe.host === PROBE['x-forwarded-host']
}
