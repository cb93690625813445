import type { FastifyReply } from 'fastify'
import { statusOf } from './error-status.js'
import { copyOf, type Headers } from './headers.js'
import { kAnswer, type ReplyAnswer } from './hooks.js'
import { MergedHead } from './merged-head.js'
import { addTiming } from './server-timing.js'

/** An answer of Next's that was kept, on its way to another client through the reply. */
class StoredAnswer implements ReplyAnswer {
  readonly isPending = false
  readonly #reply: FastifyReply
  #head: MergedHead | undefined

  constructor(reply: FastifyReply, headers: Headers, payload: unknown) {
    this.#reply = reply
    const before = copyOf(reply.getHeaders())
    this.#head = new MergedHead(reply, addTiming(reply, 'memory', headers, before), payload, before)
  }

  get isLeaving(): boolean {
    return this.#head !== undefined
  }

  beforeSend(payload: unknown): void {
    this.#head?.beforeSend(payload)
  }

  giveWayTo(error: unknown): void {
    const head = this.#head
    this.#head = undefined
    if (this.#reply.raw.headersSent) return
    head?.undo()
    this.#reply.code(statusOf(error)).header('cache-control', 'no-store')
  }
}

/** Answers with what Next has said before, as if it said it now. */
export function sendStored(
  reply: FastifyReply,
  status: number,
  headers: Headers,
  payload?: Buffer | NodeJS.ReadableStream
): void {
  reply[kAnswer] = new StoredAnswer(reply, headers, payload)
  reply.code(status).send(payload)
}
