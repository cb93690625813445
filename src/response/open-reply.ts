import type { FastifyReply } from 'fastify'
import { FST_NEXT_HEAD_SENT } from '../errors.js'
import { kAnswer } from './hooks.js'

/** What changes the head of an answer, with those of `@fastify/cookie`. */
const CHANGES = new Set<PropertyKey>([
  'code',
  'status',
  'statusCode',
  'header',
  'headers',
  'removeHeader',
  'type',
  'redirect',
  'trailer',
  'removeTrailer',
  'setCookie',
  'cookie',
  'clearCookie'
])

/** A reply for the pages that Next renders for it: open until the head of the answer leaves. */
export function openReply(reply: FastifyReply): FastifyReply {
  const open: FastifyReply = new Proxy(reply, {
    get(_target, name) {
      // Whoever awaits a reply waits for its end, and `getReply()` is awaited.
      if (name === 'then') return undefined
      const value: unknown = Reflect.get(reply, name)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (CHANGES.has(name)) choose(reply, name, args)
        const result: unknown = value.apply(reply, args)
        return result === reply ? open : result
      }
    },
    set(_target, name, value) {
      if (CHANGES.has(name)) choose(reply, name, [value])
      return Reflect.set(reply, name, value)
    }
  })
  return open
}

/** @throws FST_NEXT_HEAD_SENT */
function choose(reply: FastifyReply, name: PropertyKey, [first]: unknown[]): void {
  const { chosen, isPending } = reply[kAnswer] ?? {}
  if (chosen === undefined || !isPending) throw new FST_NEXT_HEAD_SENT(String(name))
  if (name === 'code' || name === 'status' || name === 'statusCode') {
    chosen.chooseStatus(Number(first))
  } else if (name === 'type') {
    chosen.chooseHeader('content-type')
  } else if (name === 'header' || name === 'removeHeader') {
    chosen.chooseHeader(String(first))
  } else if (name === 'headers') {
    for (const header in Object(first)) chosen.chooseHeader(header)
  }
}
