import type { FastifyReply } from 'fastify'
import type { Asker } from './ask.js'
import type { NextApp } from './next/app.js'

type Method = (...args: unknown[]) => unknown

/**
 * The app as the handler of one request gets it: where it is given `reply.raw` to write to, the
 * reply is taken out of Fastify's hands first.
 */
export function appForHandler(app: NextApp, reply: FastifyReply, { bypass }: Asker): NextApp {
  const watch =
    (method: Method): Method =>
    (...args) => {
      if (args.includes(reply.raw)) return bypass(reply, () => method.apply(app, args))
      const result = method.apply(app, args)
      return typeof result === 'function' ? watch(result as Method) : result
    }

  return new Proxy(app, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? watch(value as Method) : value
    }
  })
}
