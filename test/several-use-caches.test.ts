import t from 'tap'
import { fixturePath } from './helpers/fixture.js'
import { setGlobal } from './helpers/globals.js'
import { type Served, serveTwins } from './helpers/twins.js'

// Next registers the handlers of an app once in the life of a process, so this comes first.
t.test("handlers of 'use cache' are those of their own app", async t => {
  let asked = 0
  setGlobal(t, 'handlerAsked', () => void asked++)
  const updated: string[] = []
  setGlobal(t, 'handlerUpdated', (tags: string[]) => void updated.push(...tags))
  const conf = { cacheHandlers: { default: fixturePath('twin-two', 'use-cache-handler.mjs') } }
  const [one, two] = (await serveTwins(t, ['one', 'two'], dir =>
    dir.endsWith('two') ? { conf } : {}
  )) as [Served, Served]
  // Next 16.2 registers the handlers while the first page is rendered without them.
  await two.text('/use-cache')
  asked = 0
  const ofTwo = await two.text('/use-cache')
  t.equal(await two.text('/use-cache'), ofTwo)
  t.equal(asked, 2)
  const ofOne = await one.text('/use-cache')
  t.equal(await one.text('/use-cache'), ofOne)
  t.equal(asked, 2)

  await one.fastify.inject({ method: 'POST', url: '/revalidate' })
  t.strictSame(updated, [])
  await two.fastify.inject({ method: 'POST', url: '/revalidate' })
  t.ok(updated.includes('tag'))
})

t.test('the first app keeps what it has when another one comes and goes', async t => {
  const [one] = (await serveTwins(t, ['one'])) as [Served]
  const cached = await one.text('/use-cache')
  const [two] = (await serveTwins(t, ['two'])) as [Served]
  t.match(await two.text('/use-cache'), 'cache of two')
  t.equal(await one.text('/use-cache'), cached)
  await two.fastify.close()
  t.equal(await one.text('/use-cache'), cached)
})
