import { setImmediate } from 'node:timers/promises'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { fastifyNext } from '../../src/index.js'
import { builtFixture } from './fixture.js'
import { gate, setGlobal } from './globals.js'

/** Fixtures with the same routes, whose pages say which of them they are of. */
export type Twin = 'one' | 'two'

export interface Served {
  name: Twin
  fastify: FastifyInstance
  text(url: string): Promise<string>
}

/** What is cached, and what is found by the name of a route: all of it has the same name in both. */
const PATHS = {
  '/': 'home',
  '/isr': 'isr',
  '/legacy': 'legacy',
  '/dynamic': 'dynamic',
  '/tagged': 'data',
  '/use-cache': 'cache',
  '/api/edge': 'edge'
}

/** The text of a page, without what React puts between its pieces. */
function textOf(html: string): string {
  return html
    .replace(/<script.*?<\/script>/gs, '')
    .replace(/<!--.*?-->/g, '')
    .replace(/<[^>]*>/g, '')
}

/** Serves twins in one process, each on a Fastify of its own. */
export async function serveTwins(
  t: Test,
  names: readonly Twin[],
  options: (dir: string) => object = () => ({})
): Promise<Served[]> {
  const served: Served[] = []
  for (const name of names) {
    const dir = await builtFixture(`twin-${name}`)
    const fastify = Fastify({ forceCloseConnections: true })
    t.teardown(() => fastify.close())
    await fastify.register(fastifyNext, { dir, dev: false, ...options(dir) })
    await fastify.ready()
    const text = async (url: string) => textOf((await fastify.inject(url)).body)
    served.push({ name, fastify, text })
  }
  return served
}

/** Checks that no app answers with what is another's, with the first requests in this order. */
export async function checkTwins(t: Test, order: readonly [Twin, Twin]): Promise<void> {
  const twins = await serveTwins(t, order)
  const [first, second] = twins as [Served, Served]
  const checkPages = async (t: Test) => {
    for (const [path, what] of Object.entries(PATHS)) {
      for (const { name, text } of twins) t.match(await text(path), `${what} of ${name}`, path)
    }
  }

  await t.test('every page is of its own app', checkPages)
  await t.test('and once more, from the caches', checkPages)

  await t.test(
    'a page that waits while another app renders goes on with its own parts',
    async t => {
      for (const [waiting, other] of [
        [first, second],
        [second, first]
      ] as const) {
        const held = gate(t, 'hold')
        setGlobal(t, 'beforeRender', (name: Twin) => {
          return name === waiting.name && Reflect.get(globalThis, 'hold')()
        })
        const page = waiting.text('/dynamic')
        await held.entered
        t.match(await other.text('/dynamic'), `dynamic of ${other.name}, client of ${other.name}`)
        held.open()
        t.match(await page, `dynamic of ${waiting.name}, client of ${waiting.name}`)
      }
    }
  )

  await t.test('an action is found in its own app, and can read what it has bound', async t => {
    const ran: string[] = []
    setGlobal(t, 'actionRan', (text: string) => void ran.push(text))
    for (const { name, fastify } of [...twins, ...twins]) {
      t.equal(await submit(fastify, '/action'), 200)
      t.strictSame(ran.splice(0), [`action of ${name} with the secret of ${name}`])
    }
  })

  await t.test('a page is renewed in its own app, with the lifetime that it has there', async t => {
    const lifetimes = { one: 's-maxage=1,', two: 's-maxage=1000,' }
    const old = await second.text('/isr')
    const other = second.name === 'two' ? old : await first.text('/isr')
    const renewing = twins.find(({ name }) => name === 'one') as Served
    const stale = await renewing.text('/isr')
    // Its second has passed when Next says so.
    const renewed = await until(async () => {
      const text = await renewing.text('/isr')
      return text === stale ? undefined : text
    })
    t.match(renewed, 'isr of one')
    const keeping = twins.find(({ name }) => name === 'two') as Served
    t.equal(await keeping.text('/isr'), other, 'the page of the other app is what it was')
    for (const { name, fastify } of twins) {
      const { headers } = await fastify.inject('/isr')
      t.match(headers['cache-control'], lifetimes[name])
    }
  })

  await t.test('a tag is revalidated in its own app', async t => {
    for (const [revalidating, other] of [
      [first, second],
      [second, first]
    ] as const) {
      for (const path of ['/tagged', '/use-cache']) {
        const mine = await revalidating.text(path)
        const others = await other.text(path)
        t.equal(await revalidating.text(path), mine, `${path} is cached`)
        await revalidating.fastify.inject({ method: 'POST', url: '/revalidate' })
        t.not(await revalidating.text(path), mine, `${path} is not any more`)
        t.equal(await other.text(path), others, `${path} of the other app is`)
      }
    }
  })

  await t.test('the second app goes on without the first', async t => {
    await first.fastify.close()
    for (const [path, what] of Object.entries(PATHS)) {
      t.match(await second.text(path), `${what} of ${second.name}`, path)
    }
  })
}

/** Sends the form of a page the way a browser without scripts does. Resolves to the status. */
async function submit(fastify: FastifyInstance, url: string): Promise<number> {
  const { body } = await fastify.inject(url)
  const form = new FormData()
  for (const [, name = '', value = ''] of body.matchAll(
    /<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?/g
  )) {
    form.append(name, value.replaceAll('&quot;', '"'))
  }
  const headers = { host: 'localhost', origin: 'http://localhost' }
  const request = new Request('http://localhost', { method: 'POST', body: form })
  const { statusCode } = await fastify.inject({
    method: 'POST',
    url,
    headers: { ...headers, 'content-type': String(request.headers.get('content-type')) },
    payload: Buffer.from(await request.arrayBuffer())
  })
  return statusCode
}

/** Asks again and again for what happens by itself within 10 seconds. */
export async function until<Value>(ask: () => Promise<Value | undefined>): Promise<Value> {
  const signal = AbortSignal.timeout(10_000)
  for (;;) {
    const value = await ask()
    if (value !== undefined) return value
    signal.throwIfAborted()
    // Requests that are injected leave the event loop no turn of its own.
    await setImmediate()
  }
}
