import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { fastifyNext } from '../src/index.js'
import { builtFixture } from './helpers/fixture.js'

async function start(t: Test, conf: Record<string, unknown>) {
  const lines: { level: number; msg: string }[] = []
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) }
  const fastify: FastifyInstance = Fastify({ logger: { level: 'warn', stream } })
  t.teardown(() => fastify.close())
  await fastify.register(fastifyNext, { dir: await builtFixture('app'), dev: false, conf })
  await fastify.ready()
  return { fastify, warnings: lines.map(line => line.msg) }
}

async function headersOf(fastify: FastifyInstance) {
  const { headers } = await fastify.inject({
    url: '/static',
    headers: { 'accept-encoding': 'gzip' }
  })
  return headers
}

t.test('conf wins over next.config, one key at a time, and is gone at close', async t => {
  const { fastify, warnings } = await start(t, {
    compress: false,
    generateEtags: false,
    poweredByHeader: false
  })
  const changed = await headersOf(fastify)
  t.equal(changed['content-encoding'], undefined)
  t.equal(changed.etag, undefined)
  t.equal(changed['x-powered-by'], undefined)
  t.equal(changed['x-configured'], 'yes', 'what conf does not name stays')
  t.strictSame(warnings, [])
  await fastify.close()

  const { fastify: next } = await start(t, {})
  const unchanged = await headersOf(next)
  t.equal(unchanged['content-encoding'], 'gzip')
  t.ok(unchanged.etag)
  t.equal(unchanged['x-powered-by'], 'Next.js')
})

t.test('a registration that fails leaves nothing of conf', async t => {
  const dir = await builtFixture('app')
  const failing = Fastify()
  failing.decorate('next', () => failing)
  const conf = { poweredByHeader: false }
  await t.rejects(async () => failing.register(fastifyNext, { dir, dev: false, conf }), {
    code: 'FST_ERR_DEC_ALREADY_PRESENT'
  })
  await failing.close()
  const { fastify } = await start(t, {})
  t.equal((await headersOf(fastify))['x-powered-by'], 'Next.js')
})

t.test('objects are merged, lists and functions replaced', async t => {
  const { fastify } = await start(t, { images: { qualities: [10] } })
  const image = (quality: number) =>
    fastify.inject(`/_next/image?url=%2Fpicture.png&w=64&q=${quality}`)
  t.match((await image(75)).body, '"q" parameter (quality) of 75 is not allowed')
  t.notMatch((await image(10)).body, 'is not allowed')
})

t.test('a value that only the build can honour gives a warning', async t => {
  const { warnings } = await start(t, {
    basePath: '/docs',
    compress: false,
    env: { NAME: 'value' },
    experimental: { typedEnv: true, proxyTimeout: 1000 },
    redirects: async () => []
  })
  t.equal(warnings.length, 1)
  t.match(warnings[0], 'basePath, env, experimental.typedEnv, redirects')
  t.match(warnings[0], 'build again')
})

t.test('a value that is the same as in the build gives none', async t => {
  const { warnings } = await start(t, { basePath: '', distDir: '.next', trailingSlash: false })
  t.strictSame(warnings, [])
})
