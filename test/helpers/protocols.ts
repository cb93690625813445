import type { AddressInfo } from 'node:net'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'
import { certificate } from './certificate.js'
import { type Client, http1Client, http2Client, type Reply } from './client.js'
import { type Kind, kindsOfPages } from './kinds.js'
import { ready } from './serve.js'

export interface Protocol {
  name: string
  /** As Node has it in `request.httpVersion`. */
  version: '1.1' | '2.0'
  isSecure: boolean
}

interface Over {
  client: Client
  fastify: FastifyInstance
  /** Of the fixture `app`. */
  kinds(): Promise<Kind[]>
  protocol: Protocol
}

const http1 = (isSecure: boolean, name = isSecure ? 'HTTPS' : 'HTTP/1.1'): Protocol => ({
  name,
  version: '1.1',
  isSecure
})
const http2 = (isSecure: boolean, name = isSecure ? 'HTTP/2' : 'HTTP/2 without TLS'): Protocol => ({
  name,
  version: '2.0',
  isSecure
})

/** What Fastify is told, and which clients can speak to it then. */
const SERVERS: readonly { options: () => object; protocols: readonly Protocol[] }[] = [
  { options: () => ({}), protocols: [http1(false)] },
  { options: () => ({ https: certificate() }), protocols: [http1(true)] },
  { options: () => ({ http2: true }), protocols: [http2(false)] },
  { options: () => ({ http2: true, https: certificate() }), protocols: [http2(true)] },
  {
    options: () => ({ http2: true, https: { ...certificate(), allowHTTP1: true } }),
    protocols: [http1(true, 'HTTP/1.1 by allowHTTP1'), http2(true, 'HTTP/2 beside HTTP/1.1')]
  }
]

/**
 * Serves a fixture over each protocol, and runs `check` with a client of each.
 * @param setup is used once for each server
 */
export async function overEveryProtocol(
  t: Test,
  setup: NonNullable<Parameters<typeof ready>[1]>,
  check: (t: Test, over: Over) => Promise<void>
): Promise<void> {
  for (const { options, protocols } of SERVERS) {
    const server: FastifyServerOptions = { ...setup.server, ...options() }
    const fastify = await ready(t, { ...setup, server })
    await fastify.listen({ host: '127.0.0.1', port: 0 })
    const { port } = fastify.server.address() as AddressInfo
    for (const protocol of protocols) {
      const speak = protocol.version === '1.1' ? http1Client : http2Client
      const client = speak(port, protocol.isSecure)
      const kinds = () => kindsOfPages(client)
      await t.test(protocol.name, t => check(t, { client, fastify, kinds, protocol }))
      await client.close()
    }
    await fastify.close()
  }
}

/** Checks that an answer is what Next says to a request for a page of this kind. */
export function isAnswerOf(t: Test, { name, status, contains }: Kind, reply: Reply): void {
  t.equal(reply.status, status, name)
  t.match(status < 300 ? reply.body : reply.headers.location, contains, name)
}
