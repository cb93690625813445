import { AsyncLocalStorage } from 'node:async_hooks'
import cookie from '@fastify/cookie'
import session, { type SessionStore } from '@fastify/session'
import type { FastifyInstance, FastifyRequest, Session } from 'fastify'
import t from 'tap'
import { setGlobal } from './helpers/globals.js'
import { serverAction } from './helpers/kinds.js'
import { isAnswerOf, overEveryProtocol } from './helpers/protocols.js'

declare module 'fastify' {
  interface Session {
    names?: string[]
  }
}

/** A store that tells what was saved. */
class Saved implements SessionStore {
  readonly saves: Session[] = []
  readonly #sessions = new Map<string, Session>()

  get(id: string, done: (error: unknown, session?: Session | null) => void): void {
    done(null, this.#sessions.get(id))
  }

  set(id: string, session: Session, done: (error?: unknown) => void): void {
    this.saves.push(session)
    this.#sessions.set(id, session)
    done()
  }

  destroy(id: string, done: (error?: unknown) => void): void {
    this.#sessions.delete(id)
    done()
  }
}

function addName(request: FastifyRequest | undefined, name: string): void {
  if (request) request.session.names = [...(request.session.names ?? []), name]
}

async function registerSession(fastify: FastifyInstance, store: SessionStore): Promise<void> {
  await fastify.register(cookie)
  await fastify.register(session, {
    secret: 'a secret of at least thirty-two letters',
    cookie: { secure: 'auto' },
    saveUninitialized: false,
    rolling: false,
    store
  })
}

t.test('@fastify/session: what a hook has changed is saved, and its cookie sent', async t => {
  const store = new Saved()
  const setup = {
    async before(fastify: FastifyInstance) {
      await registerSession(fastify, store)
      fastify.addHook('preHandler', async request => {
        const { 'x-name': name } = request.headers
        if (name) addName(request, String(name))
      })
    }
  }
  await overEveryProtocol(t, setup, async (t, { client, kinds, protocol }) => {
    for (const kind of await kinds()) {
      store.saves.length = 0
      const untouched = await client.ask(kind)
      isAnswerOf(t, kind, untouched)
      t.strictSame(untouched.cookies.filter(isOfSession), [], kind.name)
      t.strictSame(store.saves, [], kind.name)

      const named = (name: string) => ({ ...kind, headers: { ...kind.headers, 'x-name': name } })
      const reply = await client.ask(named('ada'))
      isAnswerOf(t, kind, reply)
      const cookies = reply.cookies.filter(isOfSession)
      t.equal(cookies.length, 1, kind.name)
      t.match(cookies[0], protocol.isSecure ? '; Secure' : /^(?!.*Secure)/, kind.name)
      t.match(store.saves, [{ names: ['ada'] }], kind.name)
      t.notMatch(reply.headers['cache-control'] ?? '', /public|s-maxage/, kind.name)

      const again = named('grace')
      const headers = { ...again.headers, cookie: String(cookies[0]?.split(';')[0]) }
      isAnswerOf(t, kind, await client.ask({ ...again, headers }))
      t.match(store.saves, [{}, { names: ['ada', 'grace'] }], kind.name)
      t.equal(store.saves.length, 2, kind.name)
    }
  })
})

t.test('@fastify/session: what an action has changed is saved, and its cookie sent', async t => {
  const store = new Saved()
  const requests = new AsyncLocalStorage<FastifyRequest>()
  setGlobal(t, 'inAction', () => addName(requests.getStore(), 'ada'))
  const setup = {
    fixture: 'in-action',
    async before(fastify: FastifyInstance) {
      await registerSession(fastify, store)
      fastify.addHook('preHandler', (request, _reply, done) => requests.run(request, done))
    }
  }
  await overEveryProtocol(t, setup, async (t, { client }) => {
    const action = await serverAction(client, '/')
    t.strictSame(store.saves.splice(0), [])
    const { status, cookies } = await client.ask(action)
    t.equal(status, 200)
    t.equal(cookies.filter(isOfSession).length, 1)
    t.match(store.saves, [{ names: ['ada'] }])
    t.equal(store.saves.splice(0).length, 1)
  })
})

function isOfSession(cookie: string): boolean {
  return cookie.startsWith('sessionId=')
}
