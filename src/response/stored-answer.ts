import type { FastifyReply } from 'fastify'
import { statusOf } from './error-status.js'
import { copyOf, type Headers } from './headers.js'
import { kAnswer, type ReplyAnswer } from './hooks.js'
import { MergedHead } from './merged-head.js'

/** An answer of Next's that was kept, on its way to another client through the reply. */
class StoredAnswer implements ReplyAnswer {
  readonly isPending = false
  readonly isLeaving = true
  readonly #reply: FastifyReply
  readonly #head: MergedHead

  constructor(reply: FastifyReply, headers: Headers, payload: unknown) {
    this.#reply = reply
    this.#head = new MergedHead(reply, withOwnLists(headers), payload, copyOf(reply.getHeaders()))
  }

  beforeSend(payload: unknown): void {
    this.#head.beforeSend(payload)
  }

  giveWayTo(error: unknown): void {
    if (this.#reply.raw.headersSent) return
    this.#head.undo()
    this.#reply.code(statusOf(error)).header('cache-control', 'no-store')
  }
}

/** Hooks may add to a list that they find on the reply. */
function withOwnLists(headers: Headers): Headers {
  const own: Record<string, Headers[string]> = { ...headers }
  for (const name in own) {
    const value = own[name]
    if (Array.isArray(value)) own[name] = [...value]
  }
  return own
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
