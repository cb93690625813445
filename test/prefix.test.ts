import Fastify from 'fastify'
import t from 'tap'
import { fastifyNext } from '../src/index.js'
import { builtFixture } from './helpers/fixture.js'

t.test('the plugin in a scope with a prefix', async t => {
  const register = async (fixture: string, prefix: string) => {
    const dir = await builtFixture(fixture)
    const fastify = Fastify()
    t.teardown(() => fastify.close())
    fastify.register(async scope => scope.register(fastifyNext, { dir, dev: false }), { prefix })
    await fastify.ready()
    return fastify
  }
  const fastify = await register('prefixed', '/shop')
  t.match((await fastify.inject('/shop')).body, 'Shop')
  t.match((await fastify.inject('/shop/nowhere')).headers['content-type'], 'text/html')
  t.equal((await fastify.inject('/')).statusCode, 404)

  for (const [fixture, prefix, path] of [
    ['prefixed', '/sho', '/shop'],
    ['prefixed', '/other', '/shop'],
    ['plain', '/other', '*'],
    ['based', '/docs', '*']
  ] as const) {
    await t.rejects(register(fixture, prefix), {
      code: 'FST_NEXT_PREFIX_MISMATCH',
      message: `"${path}`
    })
  }
})
