import type { FastifyServerOptions } from 'fastify'
import t from 'tap'
import { setPrivateOrigin } from '../src/next/private-origin.js'
import { certificate } from './helpers/certificate.js'
import { serve } from './helpers/serve.js'

const VARIABLE = '__NEXT_PRIVATE_ORIGIN'

t.test('Next is told where it is served, as long as it is', async t => {
  for (const [scheme, options] of [
    ['http', {}],
    ['https', { https: certificate() }]
  ] as const) {
    const { fastify, port } = await serve(t, { server: options as FastifyServerOptions })
    t.equal(process.env[VARIABLE], `${scheme}://localhost:${port}`)
    await fastify.close()
    t.notOk(VARIABLE in process.env)
  }
  const { fastify } = await serve(t, { options: { hostname: '::1', port: 8080 } })
  t.equal(process.env[VARIABLE], 'http://[::1]:8080')
  await fastify.close()
})

t.test('of several origins none is that of the process', async t => {
  const forgetFirst = setPrivateOrigin('http://first')
  const forgetSecond = setPrivateOrigin('http://second')
  t.notOk(VARIABLE in process.env)
  forgetFirst()
  forgetFirst()
  t.equal(process.env[VARIABLE], 'http://second')
  forgetSecond()
  t.notOk(VARIABLE in process.env)
})

t.test('one that is set already stays', async t => {
  process.env[VARIABLE] = 'http://set'
  t.teardown(() => delete process.env[VARIABLE])
  setPrivateOrigin('http://other')()
  t.equal(process.env[VARIABLE], 'http://set')
})
