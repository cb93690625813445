import t, { type Test } from 'tap'
import { findNext } from '../src/next/load.js'
import { watchOnDemandRevalidation } from '../src/next/on-demand-revalidation.js'
import {
  type CacheHandler,
  findDefaultHandler,
  ObservedCacheHandler,
  type PageObserver
} from '../src/next/page-cache.js'
import type { PageLifetimes } from '../src/next/page-lifetimes.js'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import { ready } from './helpers/serve.js'

type Told = [event: string, ...args: unknown[]]

function observer(): PageObserver & { told: Told[] } {
  const told: Told[] = []
  return {
    told,
    lookUp() {
      told.push(['lookUp'])
      return entry => void told.push(['found', entry])
    },
    changed: key => void told.push(['changed', key]),
    unknown: () => void told.push(['unknown']),
    revalidated: tags => void told.push(['revalidated', tags])
  }
}

/** Every key is a path, and every page with a `cacheControl` has a lifetime. */
const LIFETIMES: PageLifetimes = {
  has: () => false,
  pathOf: key => (key.startsWith('/') ? key : undefined),
  of: (_key, cacheControl, lastModified) =>
    cacheControl === undefined ? undefined : { fresh: lastModified + 1, usable: lastModified + 2 }
}

function observed(handler: CacheHandler, seen: PageObserver): CacheHandler {
  return new ObservedCacheHandler(handler, seen, LIFETIMES)
}

/** A handler of the interface that Next documents. */
function handlerWith(entry: unknown) {
  const calls: Told[] = []
  return {
    calls,
    get: async (...args: unknown[]) => {
      calls.push(['get', ...args])
      return entry
    },
    set: async (...args: unknown[]) => void calls.push(['set', ...args]),
    revalidateTag: async (...args: unknown[]) => void calls.push(['revalidateTag', ...args]),
    resetRequestCache: () => void calls.push(['resetRequestCache'])
  }
}

t.test('Next has its own handler where it is looked for', async t => {
  const next = findNext(await builtFixture('app'))
  const Handler = findDefaultHandler(next)
  t.type(Handler, 'function')
  for (const load of [() => ({}), () => ({ default: class {} }), () => undefined]) {
    t.equal(findDefaultHandler({ ...next, load }), undefined)
  }
  const failing = () => {
    throw new Error('not there')
  }
  t.equal(findDefaultHandler({ ...next, load: failing }), undefined)
})

t.test('what is found is told with all that its lifetime depends on', async t => {
  const value = { kind: 'APP_PAGE', headers: { 'x-next-cache-tags': 'one,two' }, html: '' }
  const seen = observer()
  const inner = handlerWith({ value, lastModified: 5, cacheControl: { revalidate: 3, expire: 9 } })
  const handler = observed(inner, seen)
  t.equal(Object(await handler.get('/key', { kind: 'APP_PAGE' })).value, value)
  await handler.get('/data', { kind: 'FETCH' })
  t.strictSame(seen.told, [
    ['lookUp'],
    [
      'found',
      {
        key: '/key',
        path: '/key',
        isRoute: false,
        isPartial: false,
        tags: ['one', 'two'],
        fresh: 6,
        usable: 7
      }
    ]
  ])
  const cacheControl = { revalidate: false }
  for (const [entry, expected] of [
    [null, undefined],
    [{ value: null, lastModified: 5, cacheControl }, undefined],
    [{ value, lastModified: -1, cacheControl }, undefined],
    [{ value, cacheControl }, undefined],
    [{ value, lastModified: 5 }, undefined],
    [{ value: { kind: 'FETCH' }, lastModified: 5, cacheControl }, undefined],
    [{ value: { ...value, postponed: 'x' }, lastModified: 5, cacheControl }, { isPartial: true }],
    [
      { value: { kind: 'APP_ROUTE' }, lastModified: 5, cacheControl },
      { isRoute: true, tags: [] }
    ],
    [{ value: { kind: 'PAGES' }, lastModified: 5, cacheControl }, { tags: [] }]
  ] as const) {
    const own = observer()
    await observed(handlerWith(entry), own).get('/key', { kind: 'PAGES' })
    const [begun, told] = own.told
    t.strictSame(begun, ['lookUp'])
    if (expected === undefined) t.strictSame(told, ['found', undefined])
    else t.match(told, ['found', expected])
  }
})

t.test('changes are told, and passed on', async t => {
  const seen = observer()
  const inner = handlerWith(null)
  const handler = observed(inner, seen)
  await handler.set('/key', { kind: 'APP_PAGE' }, {})
  await handler.set('/data', { kind: 'FETCH', data: {} }, { fetchCache: true })
  await handler.revalidateTag('one')
  await handler.revalidateTag(['one', 'two'], { expire: 7 })
  handler.resetRequestCache?.()
  t.strictSame(seen.told, [
    ['changed', '/key'],
    ['changed', '/key'],
    ['revalidated', ['one']],
    ['revalidated', ['one', 'two']]
  ])
  t.strictSame(
    inner.calls.map(([name]) => name),
    ['set', 'set', 'revalidateTag', 'revalidateTag', 'resetRequestCache']
  )
})

async function warningsOf(t: Test, call: () => Promise<unknown>): Promise<string[]> {
  const warnings: string[] = []
  const { warn } = console
  t.teardown(() => Object.assign(console, { warn }))
  console.warn = text => void warnings.push(text)
  await call()
  console.warn = warn
  return warnings
}

t.test('data of more than 2 MB is not kept, as without', async t => {
  const inner = handlerWith(null)
  const handler = observed(inner, observer())
  const large = { kind: 'FETCH', data: { body: 'x'.repeat(2 * 1024 * 1024) } }
  const [warning] = await warningsOf(t, () =>
    handler.set('/key', large, { fetchCache: true, fetchUrl: 'http://a.example/' })
  )
  t.match(warning, /^Failed to set Next\.js data cache for http:\/\/a\.example\/, items over 2MB/)
  t.strictSame(inner.calls, [])
  await handler.set('/key', large, { fetchCache: true, isImplicitBuildTimeCache: true })
  await handler.set('/key', { kind: 'APP_PAGE', html: large.data.body }, {})
  t.equal(inner.calls.length, 2)
})

t.test('res.revalidate() is told where Next has it', async t => {
  const fastify = await ready(t, { fixture: 'fresh' })
  let count = 0
  const stop = watchOnDemandRevalidation(fixturePath('fresh'), () => count++)
  t.type(stop, 'function')
  t.equal((await fastify.inject('/api/renew')).body, 'renewed')
  t.equal(count, 2, 'when it begins, and when it ends')
  stop?.()
  await fastify.inject('/api/renew')
  t.equal(count, 2)
  t.equal(
    watchOnDemandRevalidation(fixturePath('nowhere'), () => {}),
    undefined
  )
})
