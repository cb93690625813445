import type { ServerResponse } from 'node:http'
import type { Http2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Server as TlsServer } from 'node:tls'
import type { FastifyReply } from 'fastify'
import { kExchange } from '../context/exchanges.js'
import { cutOff, hasLeft } from '../response/connection-response.js'
import { type HttpServer, keepUnsentAnswers } from './idle-connections.js'

/** For how long a request is waited for that a client may have sent on an idle connection. */
const GRACE_MS = 100
const SWEEP_INTERVAL_MS = 20

/** Node takes the parser off a socket that is upgraded; those of HTTP/2 never have one. */
type HttpSocket = Socket & { parser?: object | null }

/** The connections of an instance, and what is in flight on them. */
export class Connections {
  /** With what ends the watch. */
  readonly #servers = new Map<HttpServer, () => void>()
  /** All that was accepted, with what is beneath TLS. */
  readonly #sockets = new Set<Socket>()
  /** The last response that is under way on each connection of HTTP/1. */
  readonly #responses = new Map<HttpSocket, ServerResponse | undefined>()
  readonly #forget: (this: ServerResponse) => void
  readonly #sessions = new Set<Http2Session>()
  /** What Next is answering. */
  readonly #repliesOfNext = new Map<ServerResponse, FastifyReply>()
  /** Those of Next in development: the stream of a page in an open tab may have no end. */
  readonly #unawaited = new Set<ServerResponse>()
  #onIdle = (): void => {}
  #closesWithAnswers = false
  #closingSince: number | undefined
  #askedUntil = 0
  #sweep: NodeJS.Timeout | undefined
  #isStopped = false

  constructor() {
    const responses = this.#responses
    // An idle connection would keep its last request and reply.
    this.#forget = function forget() {
      const { socket } = this.req
      if (responses.get(socket) === this) responses.set(socket, undefined)
    }
  }

  /** Notes the connections of a server, until `stop()`. */
  watch(server: HttpServer): void {
    if (this.#servers.has(server)) return
    const onRequest = this.#onRequest.bind(this)
    const onSession = this.#onSession.bind(this)
    const onSocket = (socket: Socket): void => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    }
    const onConnection = this.#onConnection.bind(this)
    const connectionEvent = server instanceof TlsServer ? 'secureConnection' : 'connection'
    server.on('connection', onSocket)
    server.on(connectionEvent, onConnection)
    server.on('session', onSession)
    // Before Fastify, which may answer at once.
    server.prependListener('request', onRequest)
    const releaseIdle = keepUnsentAnswers(server, () => this.#isSending)
    this.#servers.set(server, () => {
      server.off('connection', onSocket)
      server.off(connectionEvent, onConnection)
      server.off('session', onSession)
      server.off('request', onRequest)
      releaseIdle()
    })
  }

  /**
   * Notes a request that is about to be handed to Next.
   * @param isAwaited whether `closeBy()` waits for its answer
   */
  add(reply: FastifyReply, isAwaited: boolean): void {
    const { raw } = reply
    // It has closed already, and will not say so again.
    if (hasLeft(raw)) return
    const { socket } = reply.request.raw
    if ('server' in socket) this.watch(socket.server as HttpServer)
    this.#repliesOfNext.set(raw, reply)
    if (!isAwaited) this.#unawaited.add(raw)
    raw.once('close', () => {
      this.#unawaited.delete(raw)
      this.#repliesOfNext.delete(raw)
      if (this.inFlight === 0) this.#onIdle()
    })
  }

  /** How many requests Next is answering. */
  get inFlight(): number {
    return this.#repliesOfNext.size
  }

  /** Resolves when Next has answered everything. */
  async idle(): Promise<void> {
    if (this.inFlight === 0) return
    await new Promise<void>(resolve => {
      this.#onIdle = resolve
    })
  }

  /** Resolves when everything is answered, by Next or others, or with `stop()`. */
  async quiet(): Promise<void> {
    while (this.#isAnswering && !this.#isStopped) await delay(SWEEP_INTERVAL_MS)
  }

  /** Has every answer from now on say that its connection closes. */
  closeWithAnswers(): void {
    this.#closesWithAnswers = true
    for (const response of this.#responses.values()) closeAfter(response)
  }

  /**
   * Has every connection close with its last answer, the idle ones after a short grace, and the rest
   * at `deadline` of `performance.now()`, until `stop()`. The answers that are not awaited end with the
   * grace. Resolves when no request can arrive any more.
   */
  async closeBy(deadline: number): Promise<void> {
    if (this.#closingSince !== undefined) return
    this.#closingSince = performance.now()
    this.#askedUntil = (this.#closingSince + deadline) / 2
    this.closeWithAnswers()
    await new Promise<void>(resolve => {
      const sweep = (): void => {
        const isOver = performance.now() >= deadline
        if (isOver) this.cut()
        if (this.#isInGrace) return
        for (const response of this.#unawaited) cutOff(response, new Error('The server closes.'))
        this.#closeIdle()
        if (isOver || !this.#canReceive) resolve()
      }
      // In a busy process a request that has arrived in time may still be unread: that comes between.
      this.#sweep = setInterval(() => setImmediate(sweep), SWEEP_INTERVAL_MS)
      sweep()
    })
    for (const [socket, response] of this.#responses) response?.once('finish', () => socket.end())
  }

  /** Ends every connection, whatever is on it. */
  cut(): void {
    for (const session of this.#sessions) session.destroy()
    for (const socket of this.#sockets) socket.destroy()
  }

  stop(): void {
    this.#isStopped = true
    clearInterval(this.#sweep)
    if (this.#closingSince !== undefined) this.#closeIdle()
    for (const unwatch of this.#servers.values()) unwatch()
    this.#servers.clear()
  }

  #onRequest({ socket, httpVersionMajor }: ServerResponse['req'], response: ServerResponse): void {
    if (httpVersionMajor === 2) return
    // Its server is watched since it was opened.
    if (!this.#responses.has(socket)) this.#onConnection(socket)
    const last = this.#responses.get(socket)
    this.#responses.set(socket, response)
    response.on('close', this.#forget)
    if (!this.#closesWithAnswers) return
    // Of requests in a row the last answer ends the connection: RFC 9112, 9.3.2.
    if (last && !last.headersSent) last.removeHeader('connection')
    closeAfter(response)
  }

  #onConnection(socket: Socket): void {
    this.#responses.set(socket, undefined)
    socket.once('close', () => this.#responses.delete(socket))
  }

  #onSession(session: Http2Session): void {
    this.#sessions.add(session)
    session.once('close', () => this.#sessions.delete(session))
  }

  get #isInGrace(): boolean {
    return this.#sockets.size > 0 && performance.now() < Number(this.#closingSince) + GRACE_MS
  }

  get #isAnswering(): boolean {
    if (this.inFlight > 0 || this.#sessions.size > 0) return true
    return [...this.#responses.values()].some(response => response?.writableFinished === false)
  }

  /** Whether an answer that has ended is still on its way into a socket. */
  get #isSending(): boolean {
    for (const response of this.#responses.values()) {
      if (response?.writableEnded && !response.writableFinished && !response.destroyed) return true
    }
    return false
  }

  /** Whether another request can arrive, once the idle connections are closed. */
  get #canReceive(): boolean {
    if (this.#isFastifyAsked) return true
    // A handshake of TLS is going on.
    if (this.#sockets.size > this.#responses.size) return true
    for (const [socket, response] of this.#responses) {
      // It has part of a request.
      if (!response || response.writableFinished) {
        if (socket.parser && socket.bytesRead > 0 && socket.writable) return true
        // Else it says that the connection closes.
      } else if (response.headersSent) {
        if (response.writableEnded || this.#isStreamOfNext(response)) return true
      }
    }
    return false
  }

  /**
   * Whether a page that has yet to answer may ask Fastify's own routes, with `inject()`, for which
   * Fastify has to be open. Not for all the time: its hooks may end what a page waits for.
   */
  get #isFastifyAsked(): boolean {
    if (performance.now() >= this.#askedUntil) return false
    for (const [response, reply] of this.#repliesOfNext) {
      if (!response.headersSent && reply[kExchange]) return true
    }
    return false
  }

  /** Event streams have no end but the one that a hook gives them, for which Fastify has to close. */
  #isStreamOfNext(response: ServerResponse): boolean {
    const reply = this.#repliesOfNext.get(response)
    return (
      reply !== undefined && !/^text\/event-stream/i.test(String(reply.getHeader('content-type')))
    )
  }

  #closeIdle(): void {
    for (const server of this.#servers.keys()) server.closeIdleConnections?.()
    // Not before: Node ignores every stream that a client opens once a GOAWAY was sent.
    for (const session of this.#sessions) if (!session.closed) session.close()
    // Node takes a connection without any request for a busy one.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy()
    // Of TLS there was the handshake.
    for (const [socket, response] of this.#responses) {
      if (!response && socket.parser && socket.bytesRead === 0) socket.destroy()
    }
  }
}

function closeAfter(response: ServerResponse | undefined): void {
  if (response && !response.headersSent) response.setHeader('connection', 'close')
}
