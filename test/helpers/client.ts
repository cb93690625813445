import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import type { Readable } from 'node:stream'
import { certificate } from './certificate.js'

export interface Ask {
  path: string
  method?: string
  headers?: Readonly<Record<string, string>>
  body?: string
  /** Whether the body never ends. */
  isEndless?: boolean
}

export interface Reply {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  cookies: readonly string[]
  body: string
}

/** An answer that has begun. */
interface Begun {
  status: number
  headers: IncomingMessage['headers']
  body: Readable
  /** Ends the exchange like a client that loses interest. */
  leave(): void
}

export interface Client {
  /** Where the server is, for an `Origin`. */
  origin: string
  ask(what: Ask | string): Promise<Reply>
  /** Resolves at the head of the answer. */
  begin(what: Ask | string): Promise<Begun>
  /** Sends a request and leaves once `reached` has resolved, without an answer. */
  abandon(what: Ask | string, reached: Promise<unknown>): Promise<void>
  close(): Promise<void>
}

/** A request under way, whatever it is made with. */
interface Exchange {
  begun: Promise<Begun>
  leave(): void
}

const BOUND = 10_000

function asAsk(what: Ask | string): Ask {
  return typeof what === 'string' ? { path: what } : what
}

function clientOf(
  origin: string,
  send: (ask: Ask) => Exchange,
  close: () => Promise<void>
): Client {
  return {
    origin,
    close,
    begin: what => send(asAsk(what)).begun,
    async ask(what) {
      const { status, headers, body } = await send(asAsk(what)).begun
      const chunks: Buffer[] = []
      for await (const chunk of body) chunks.push(chunk)
      const cookies = headers['set-cookie'] ?? []
      return { status, headers, cookies, body: Buffer.concat(chunks).toString() }
    },
    async abandon(what, reached) {
      const { begun, leave } = send(asAsk(what))
      begun.catch(() => {})
      await reached
      leave()
    }
  }
}

/** A client that speaks HTTP/1.1, over TLS or not. */
export function http1Client(port: number, isSecure: boolean): Client {
  const { Agent, request } = isSecure ? https : http
  const agent = new Agent({ keepAlive: true, ca: isSecure ? certificate().cert : undefined })
  const origin = `${isSecure ? 'https' : 'http'}://127.0.0.1:${port}`

  const send = ({ path, method = 'GET', headers, body, isEndless }: Ask): Exchange => {
    const outgoing = request(origin, { agent, path, method, headers })
    outgoing.setTimeout(BOUND, () => outgoing.destroy(new Error(`No answer to ${path}`)))
    const begun = once(outgoing, 'response').then(
      ([incoming]: IncomingMessage[]): Begun => ({
        status: incoming?.statusCode ?? 0,
        headers: incoming?.headers ?? {},
        body: incoming as IncomingMessage,
        leave: () => outgoing.destroy()
      })
    )
    // `once` has stopped listening when a client leaves.
    outgoing.on('error', () => {})
    if (isEndless) outgoing.write(body)
    else outgoing.end(body)
    return { begun, leave: () => outgoing.destroy() }
  }
  return clientOf(origin, send, async () => agent.destroy())
}

/** A client that speaks HTTP/2, over TLS or not, on one connection. */
export function http2Client(port: number, isSecure: boolean): Client {
  const origin = `${isSecure ? 'https' : 'http'}://127.0.0.1:${port}`
  const session = http2.connect(origin, isSecure ? { ca: certificate().cert } : {})

  const send = ({ path, method = 'GET', headers, body, isEndless }: Ask): Exchange => {
    const head = { ...headers, ':path': path, ':method': method }
    const stream = session.request(head, { endStream: body === undefined })
    const leave = () => stream.close(http2.constants.NGHTTP2_CANCEL)
    stream.setTimeout(BOUND, () => stream.destroy(new Error(`No answer to ${path}`)))
    const begun = once(stream, 'response').then(
      ([{ ':status': status, ...rest }]): Begun => ({ status, headers: rest, body: stream, leave })
    )
    stream.on('error', () => {})
    if (isEndless) stream.write(body)
    else if (body !== undefined) stream.end(body)
    return { begun, leave }
  }
  return clientOf(origin, send, async () => {
    if (session.destroyed) return
    const closed = once(session, 'close')
    session.destroy()
    await closed
  })
}
