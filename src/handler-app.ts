import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Asker } from './ask.js'
import type { NextApp } from './next/app.js'

type Method = (...args: unknown[]) => unknown

/** The replies that handlers of `fastify.next()` may leave to Next, by their `raw`. */
export type Replies = WeakMap<ServerResponse, FastifyReply>

/** They write to the response that they are given. */
const WRITING = new Set<string | symbol>(['render', 'render404', 'renderError'])

/**
 * The app as handlers get it: a call that has Next write to `reply.raw` takes the reply out of
 * Fastify's hands first.
 */
export function appForHandlers(app: NextApp, replies: Replies, { bypass }: Asker): NextApp {
  const watch =
    (method: Method): Method =>
    (...args) => {
      const call = () => method.apply(app, args)
      const reply = args.map(argument => replies.get(argument as ServerResponse)).find(Boolean)
      return reply ? bypass(reply, call) : call()
    }

  return new Proxy(app, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (WRITING.has(name)) return watch(value as Method)
      if (name === 'getRequestHandler') return () => watch(value.call(app))
      return value.bind(app)
    }
  })
}
