import Fastify from 'fastify'
import t from 'tap'
import { fastifyNext } from '../src/index.js'
import { event } from './helpers/event.js'
import { builtFixture } from './helpers/fixture.js'
import { setGlobal } from './helpers/globals.js'
import { count } from './helpers/lane.js'
import { guardProcessListeners } from './helpers/listeners.js'

const ROUNDS = count(5, 50)
const REQUEST_CONTEXT = Symbol.for('@next/request-context')

t.test('one directory can be served again and again in one process', async t => {
  const dir = await builtFixture('app')
  const before = Reflect.get(globalThis, REQUEST_CONTEXT)
  for (let round = 1; round <= ROUNDS; round++) {
    const after = event('after()')
    setGlobal(t, 'afterResponse', after.happen)
    const unguard = guardProcessListeners()
    const fastify = Fastify()
    await fastify.register(fastifyNext, { dir, dev: false })
    for (const url of [
      '/',
      '/static',
      '/isr',
      '/after',
      '/dynamic',
      '/legacy',
      '/api-route/json'
    ]) {
      t.equal((await fastify.inject(url)).statusCode, 200, `${url}, round ${round}`)
    }
    await after.happened
    await fastify.close()
    unguard()
    t.equal(Reflect.get(globalThis, REQUEST_CONTEXT), before, 'the request context is put back')
  }
})
