import type { FastifyError, FastifyInstance } from 'fastify'
import t from 'tap'
import { setGlobal } from './helpers/globals.js'
import { isAnswerOf, overEveryProtocol } from './helpers/protocols.js'

interface Calls {
  onError: string[]
  errorHandler: string[]
  notFoundHandler: string[]
}

const none = (): Calls => ({ onError: [], errorHandler: [], notFoundHandler: [] })

/** Notes which of Fastify's ways to handle an error have run, with the code of the error. */
function noteErrors(fastify: FastifyInstance, calls: () => Calls): void {
  fastify.addHook('onError', async (_request, _reply, error) => {
    calls().onError.push(error.code)
  })
  fastify.setErrorHandler((error: FastifyError, _request, reply) => {
    calls().errorHandler.push(error.code)
    return reply.code(error.statusCode ?? 500).send({ handled: error.code })
  })
  fastify.setNotFoundHandler((request, reply) => {
    calls().notFoundHandler.push(request.url)
    return reply.code(404).send({ handled: 'nothing here' })
  })
}

t.test('the error handlers of Fastify are for hooks', async t => {
  let calls = none()
  const setup = {
    before(fastify: FastifyInstance) {
      noteErrors(fastify, () => calls)
      for (const name of ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const) {
        fastify.addHook(name as 'onRequest', async ({ headers, is404 }, reply) => {
          if (headers['x-missing'] === name && !is404) return reply.callNotFound()
          if (headers['x-throw'] !== name) return
          throw Object.assign(new Error('refused'), { code: name, statusCode: 409 })
        })
      }
    }
  }
  await overEveryProtocol(t, setup, async (t, { client, kinds }) => {
    for (const kind of await kinds()) {
      const ask = (header: string, value: string) =>
        client.ask({ ...kind, headers: { ...kind.headers, [header]: value } })
      for (const name of ['onRequest', 'preParsing', 'preValidation', 'preHandler']) {
        calls = none()
        const { status, body } = await ask('x-throw', name)
        t.equal(status, 409, kind.name)
        t.strictSame(JSON.parse(body), { handled: name }, kind.name)
        t.strictSame(calls, { ...none(), onError: [name], errorHandler: [name] }, kind.name)
      }
      calls = none()
      const { status, body } = await ask('x-missing', 'preHandler')
      t.equal(status, 404, kind.name)
      t.strictSame(JSON.parse(body), { handled: 'nothing here' }, kind.name)
      t.strictSame(calls, { ...none(), notFoundHandler: [kind.path] }, kind.name)
      calls = none()
      isAnswerOf(t, kind, await client.ask(kind))
      t.strictSame(calls, none(), kind.name)
    }
  })
})

t.test('and for limits and timeouts, while Next answers its own errors', async t => {
  let calls = none()
  const setup = {
    options: { bodyLimit: 1000, quiet: true },
    before: (fastify: FastifyInstance) => noteErrors(fastify, () => calls),
    after: (fastify: FastifyInstance) => fastify.next('/api-route/slow', { handlerTimeout: 200 })
  }
  await overEveryProtocol(t, setup, async (t, { client }) => {
    calls = none()
    const code = 'FST_NEXT_BODY_TOO_LARGE'
    const echo = { path: '/api-route/echo', method: 'POST', body: 'x'.repeat(1001) }
    const tooLarge = await client.ask(echo)
    t.equal(tooLarge.status, 413)
    t.strictSame(JSON.parse(tooLarge.body), { handled: code })
    t.strictSame(calls, { ...none(), onError: [code], errorHandler: [code] })

    calls = none()
    const late = 'FST_ERR_HANDLER_TIMEOUT'
    setGlobal(t, 'slowRoute', () => new Promise(() => {}))
    const tooLate = await client.ask('/api-route/slow')
    t.equal(tooLate.status, 503)
    t.strictSame(JSON.parse(tooLate.body), { handled: late })
    t.strictSame(calls, { ...none(), onError: [late], errorHandler: [late] })

    calls = none()
    for (const [path, status] of [
      ['/throws', 500],
      ['/api-route/throws', 500],
      ['/legacy-throws', 500],
      ['/missing', 404],
      ['/nowhere', 404]
    ] as const) {
      t.equal((await client.ask(path)).status, status, path)
    }
    t.strictSame(calls, none(), 'Next has answered')
  })
})
