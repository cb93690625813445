import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { resolveOptions } from '../src/options.js'
import { installConsumer } from './helpers/consumer.js'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import { startRedis } from './helpers/redis.js'
import { ready } from './helpers/serve.js'
import { source, startSharing } from './helpers/shared-cache.js'

t.setTimeout(240_000)

const run = promisify(execFile)
const REGISTER = `
  import Fastify from 'fastify'
  import fastifyNext from 'fastify-next'
  const options = { dir: process.argv[2], dev: false, sharedCache: 'redis://127.0.0.1:1' }
  try {
    await Fastify().register(fastifyNext, options)
  } catch (error) {
    console.log(error.code, error.cause?.code)
  }
`

t.test('it is the URL of a Redis', async t => {
  for (const sharedCache of ['redis://localhost', 'rediss://user:secret@host:6380/1', undefined]) {
    t.equal(resolveOptions({ sharedCache }).sharedCache, sharedCache)
  }
  for (const sharedCache of [
    '',
    'localhost:6379',
    'http://localhost',
    'redis://',
    'redis://[',
    1,
    {}
  ]) {
    t.throws(() => resolveOptions({ sharedCache } as object), {
      code: 'FST_NEXT_INVALID_OPTION',
      message: 'must be a URL that begins with redis:// or rediss://'
    })
  }
})

t.test('an app with a cache handler of its own is refused', async t => {
  const options = { sharedCache: 'redis://127.0.0.1:1' }
  const refusal = { code: 'FST_NEXT_INVALID_OPTION', message: 'remove them from next.config' }
  await t.rejects(ready(t, { fixture: 'cached', options }), refusal)
  const cacheHandlers = { default: fixturePath('cached', 'cache.mjs') }
  const withOwn = { ...options, conf: { cacheHandlers } }
  await t.rejects(ready(t, { fixture: 'shared', options: withOwn }), refusal)
})

t.test('what it needs and is not installed is named', async t => {
  const consumer = await installConsumer(t)
  const app = await builtFixture('pages-router')
  const script = join(consumer.dir, 'register.mjs')
  await writeFile(script, REGISTER)
  const { stdout } = await run(process.execPath, [script, app], {
    env: { ...process.env, NODE_OPTIONS: '' }
  })
  t.match(stdout, 'FST_NEXT_SHARED_CACHE_NOT_INSTALLED ERR_MODULE_NOT_FOUND')
})

t.test('pages are shared without being answered from memory, too', async t => {
  const { url } = await startRedis(t)
  const pages = await source(t)
  const options = { prerenderCache: false } as const
  const one = await startSharing(t, pages, url, options)
  const other = await startSharing(t, pages, url, options)
  const { by } = await one.ask('/stored')
  t.match(await other.ask('/stored'), { cache: 'HIT', by })
  const version = await pages.next()
  await one.renew({ tag: 'stored' })
  t.equal((await other.ask('/stored')).version, version, 'at once')
})

t.test('apps that share a database have entries of their own', async t => {
  const { url } = await startRedis(t)
  for (const name of ['one', 'two']) {
    const options = { sharedCache: url }
    const fastify = await ready(t, { fixture: `twin-${name}`, options })
    for (const cache of ['MISS', 'HIT']) {
      const { body, headers } = await fastify.inject('/isr')
      t.equal(headers['x-nextjs-cache'], cache)
      t.match(body.replaceAll('<!-- -->', ''), `isr of ${name}`)
    }
  }
})

t.test('it leaves nothing behind', async t => {
  const { url, client } = await startRedis(t)
  const sharing = await startSharing(t, await source(t), url)
  await sharing.ask('/stored')
  t.same(await sharing.stop('SIGTERM'), { code: 0, signal: null }, 'the process ends by itself')
  const list = String(await client.client('LIST'))
  t.equal(list.trim().split('\n').length, 1, 'no connection')
})
