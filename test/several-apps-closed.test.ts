import { createRequire } from 'node:module'
import t from 'tap'
import { fixturePath } from './helpers/fixture.js'
import { gate, setGlobal } from './helpers/globals.js'
import { type Served, serveTwins, type Twin, until } from './helpers/twins.js'

const require = createRequire(fixturePath('package.json'))

t.test('a page that a closed app renews late stays its own', async t => {
  const options = () => ({ closeTimeout: 1 })
  const [two, one] = (await serveTwins(t, ['two', 'one'], options)) as [Served, Served]
  t.match(await two.text('/isr'), 'of two')
  await one.text('/isr')

  const held = gate(t, 'hold')
  setGlobal(t, 'beforeRender', (name: Twin) => {
    return name === 'one' && Reflect.get(globalThis, 'hold')()
  })
  // Its second has passed when Next says so.
  await until(async () => {
    await one.text('/isr')
    return held.entries() || undefined
  })
  await one.fastify.close()

  const {
    getMemoryCache
  } = require('next/dist/server/lib/incremental-cache/memory-cache.external.js')
  const nodes = (): { data: unknown }[] => [...getMemoryCache().cache.values()]
  const entries = () => nodes().map(({ data }) => data)
  const before = entries()
  held.open()
  await until(async () => entries().some((entry, at) => entry !== before[at]) || undefined)
  // Its own second may have passed, too.
  t.match(await two.text('/isr'), 'of two')
})
