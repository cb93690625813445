import { join } from 'node:path'
import t from 'tap'
import { openAppState } from '../src/next/app-state.js'
import type { LoadedConfig } from '../src/next/config.js'
import { findNext } from '../src/next/load.js'
import {
  type CacheHandler,
  findDefaultHandler,
  ObservedCacheHandler,
  type PageObserver
} from '../src/next/page-cache.js'
import type { PageLifetimes } from '../src/next/page-lifetimes.js'
import { observePages } from '../src/next/page-observation.js'
import { builtFixture } from './helpers/fixture.js'

const HANDLERS = Symbol.for('@next/cache-handlers')

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
    missed() {},
    revalidated: tags => void told.push(['revalidated', tags])
  }
}

/** Every key is a path, and every page with a `cacheControl` has a lifetime. */
const LIFETIMES: PageLifetimes = {
  pathOf: key => (key.startsWith('/') ? key : undefined),
  of: (_key, cacheControl, lastModified) =>
    cacheControl === undefined ? undefined : { fresh: lastModified + 1, usable: lastModified + 2 }
}

function observed(handler: CacheHandler, seen: PageObserver): CacheHandler {
  return new ObservedCacheHandler(handler, new Set([seen]), LIFETIMES)
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

t.test(
  'where Next asks elsewhere, or somebody else answers it, pages are not observed',
  async t => {
    const dir = await builtFixture('app')
    const next = findNext(dir)
    const config = { values: {} } as LoadedConfig
    const observed = (own = next) =>
      observePages(own, join(dir, '.next'), config, openAppState(dir), false)
    const elsewhere = (id: string) =>
      id.endsWith('/incremental-cache') ? { IncrementalCache: class {} } : next.load(id)

    for (const [own, problem] of [
      [next, undefined],
      [{ ...next, load: elsewhere }, /has its cache elsewhere/]
    ] as const) {
      const pages = observed(own)
      t.match(pages.problem, /has its cache elsewhere/, 'as long as the app is not prepared')
      pages.open?.()
      if (problem) t.match(pages.problem, problem)
      else t.equal(pages.problem, undefined)
      t.equal(HANDLERS in globalThis, problem === undefined)
      pages.close?.()
      t.notOk(HANDLERS in globalThis)
    }

    const pages = observed()
    pages.open?.()
    const handlers = Reflect.get(globalThis, HANDLERS)
    Reflect.set(globalThis, HANDLERS, { FetchCache: class {} })
    t.match(pages.problem, /a cache handler of its own/)
    t.match(observed().problem, /a cache handler of its own/)
    Reflect.set(globalThis, HANDLERS, handlers)
    pages.close?.()
    t.notOk(HANDLERS in globalThis)
  }
)
