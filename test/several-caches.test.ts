import { createRequire } from 'node:module'
import t from 'tap'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import { setGlobal } from './helpers/globals.js'
import { type Served, serveTwins } from './helpers/twins.js'

const require = createRequire(fixturePath('package.json'))

t.test('an app without a memory cache has none beside an app with one, nor after it', async t => {
  const [one, two] = (await serveTwins(t, ['one', 'two'], dir =>
    dir.endsWith('one') ? { conf: { cacheMaxMemorySize: 0 } } : {}
  )) as [Served, Served]
  for (const path of ['/', '/isr', '/legacy', '/tagged']) {
    t.match(await two.text(path), 'of two')
    t.match(await one.text(path), 'of one')
    t.match(await one.text(path), 'of one')
  }
  await two.fastify.close()
  for (const path of ['/', '/isr', '/legacy', '/tagged']) t.match(await one.text(path), 'of one')
  const {
    getMemoryCache
  } = require('next/dist/server/lib/incremental-cache/memory-cache.external.js')
  const keys: string[] = [...getMemoryCache().cache.keys()]
  const dir = await builtFixture('twin-two')
  t.ok(keys.length >= 4)
  t.strictSame(
    keys.filter(key => !key.startsWith(dir)),
    []
  )
})

t.test('a cache handler of the user works in every app, with its own lifetimes', async t => {
  const asked = new Set<string>()
  setGlobal(t, 'cacheAsked', (dir: string) => void asked.add(dir))
  const cacheHandler = fixturePath('twin-one', 'cache-handler.mjs')
  const twins = await serveTwins(t, ['one', 'two'], () => ({ conf: { cacheHandler } }))
  for (const status of ['MISS', 'HIT']) {
    for (const { name, fastify, text } of twins) {
      const { headers } = await fastify.inject('/isr')
      t.equal(headers['x-nextjs-cache'], status, name)
      t.match(headers['cache-control'], name === 'one' ? 's-maxage=1,' : 's-maxage=1000,')
      t.match(await text('/isr'), `isr of ${name}`)
    }
  }
  t.equal(asked.size, 2)
})
