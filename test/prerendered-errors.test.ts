import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import type { FastifyNextOptions } from '../src/index.js'
import { Teapot } from './helpers/error-pages.js'
import { comparable, serveRemembering } from './helpers/from-memory.js'

const PLAIN = { 'accept-encoding': 'identity' }
const FAILING = { ...PLAIN, 'x-failing': '1' }
const NOTHING = { prerenderCache: false, staticAssets: false } as const

/** What leaves becomes an error at the last moment, and that a page of Next's. */
function failLate(fastify: FastifyInstance): void {
  fastify.addHook('onSend', async (request, reply, payload) => {
    if (request.headers['x-failing'] && reply.statusCode === 200) throw new Teapot('of the hook')
    return payload
  })
  fastify.setErrorHandler((error, _request, reply) => reply.nextRenderError(error))
}

const serveFailing = (t: Test, options?: FastifyNextOptions) =>
  serveRemembering(t, 'fresh', options, failLate)

async function scriptIn(dir: string): Promise<string> {
  const names = await readdir(join(dir, '.next', 'static', 'chunks'))
  const name = names.find(name => name.endsWith('.js'))
  if (name === undefined) throw new Error('the build has no script')
  return `/_next/static/chunks/${name}`
}

t.test('an answer from memory that fails in a hook can become an error page', async t => {
  const memory = await serveFailing(t)
  const next = await serveFailing(t, NOTHING)
  for (const path of ['/path', await scriptIn(memory.dir)]) {
    await memory.warm(path, PLAIN)
    t.equal((await memory.see(path, PLAIN)).source, 'memory', path)
    for (const method of ['GET', 'HEAD']) {
      const answer = await memory.load(path, FAILING, method)
      const expected = await next.load(path, FAILING, method)
      t.equal(answer.status, 418, `${method} ${path}`)
      t.match(answer.headers['content-type'], /^text\/html/)
      if (method === 'GET') t.match(String(answer.body), '</html>')
      t.strictSame(comparable(answer), comparable(expected), `${method} ${path}`)
    }
    t.equal((await memory.see(path, PLAIN)).source, 'memory', `${path} stays there`)
  }
})
