import nodeFs from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openAppState } from '../src/next/app-state.js'
import {
  addCachingApp,
  type CachingApp,
  hasOtherGlobalHandler,
  isObserved
} from '../src/next/global-cache-handler.js'
import { findNext } from '../src/next/load.js'
import { type CacheHandler, findDefaultHandler, type PageObserver } from '../src/next/page-cache.js'
import { builtFixture } from './helpers/fixture.js'

const HANDLERS = Symbol.for('@next/cache-handlers')
const CONTEXT = { fs: {}, serverDistDir: '/app/.next/server' }

interface Handlers {
  FetchCache?: new (context: unknown) => CacheHandler
}

const globals = globalThis as { [HANDLERS]?: Handlers | undefined }

/** As Next does it. */
function create(context: unknown = CONTEXT): CacheHandler {
  const { FetchCache } = globals[HANDLERS] ?? {}
  if (FetchCache === undefined) throw new Error('There is no handler')
  return new FetchCache(context)
}

class NamedHandler implements CacheHandler {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  async get() {
    return null
  }

  async set() {}

  async revalidateTag() {}
}

class OthersHandler extends NamedHandler {
  constructor() {
    super('others')
  }
}

interface App extends CachingApp {
  runs: boolean
  told: string[]
}

function observed(app: string, told: string[]): PageObserver {
  return {
    lookUp: () => () => {},
    changed: key => void told.push(`${app} ${key}`),
    missed() {},
    revalidated: tags => void told.push(`${app} ${tags}`)
  }
}

function app(name: string): App {
  const told: string[] = []
  const self: App = {
    runs: false,
    told,
    serverDistDir: `/${name}/.next/server`,
    observers: new Set([observed(name, told)]),
    isRunning: () => self.runs,
    create: () => new NamedHandler(name)
  }
  return self
}

function added(t: Test, name: string): App & { remove(): void } {
  const self = app(name)
  const remove = addCachingApp(self)
  t.teardown(remove)
  return Object.assign(self, { remove })
}

/** With the files of an app that is not observed. */
async function unobserved(fixture = 'app') {
  const dir = await builtFixture(fixture)
  const serverDistDir = join(dir, '.next', 'server')
  return { dir, context: { fs: nodeFs, serverDistDir, maxMemoryCacheSize: 1_000_000 } }
}

t.afterEach(() => {
  delete globals[HANDLERS]
})

t.test('the handler is that of the app that runs', async t => {
  const [one, two] = [added(t, 'one'), added(t, 'two')]
  for (const [running, name] of [
    [one, 'one'],
    [two, 'two']
  ] as const) {
    running.runs = true
    t.match(create(), { name })
    running.runs = false
  }
})

t.test('without an async context it is that of the app whose files Next names', async t => {
  added(t, 'one')
  const two = added(t, 'two')
  const context = { fs: {}, serverDistDir: '/two/./.next/server' }
  t.match(create(context), { name: 'two' })
  two.remove()
  t.notMatch(create(context), { name: 'two' })
})

t.test('another app has what it would have, and may be any', async t => {
  const [one, two] = [added(t, 'one'), added(t, 'two')]
  const { dir, context } = await unobserved()
  const handler = create(context)
  const page = '/route-cache/APP_PAGE/of-another-app/$/path'
  await handler.set(page, { kind: 'APP_PAGE', html: '' }, {})
  t.strictSame(one.told.splice(0), [`one ${page}`, `one ${page}`])
  t.equal(two.told.splice(0).length, 2)
  const Own = findDefaultHandler(findNext(dir))
  const own = Own && new Own(context)
  const data = { headers: {}, body: 'own' }
  await own?.set('/data', { kind: 'FETCH', data }, { fetchCache: true })
  t.match(await handler.get('/data', { kind: 'FETCH', tags: [] }), { value: { data } })

  // An app of ours that is not observed is known to be none of the others.
  await openAppState(dir).run(() => create(context).set(page, { kind: 'APP_PAGE', html: '' }, {}))
  t.strictSame([one.told, two.told], [[], []])
})

t.test('where Next has no files it keeps nothing, and tells of tags', async t => {
  const [one, two] = [added(t, 'one'), added(t, 'two')]
  for (const context of [{}, { fs: {} }, { serverDistDir: '/one/.next/server' }, null]) {
    one.runs = true
    const handler = create(context)
    one.runs = false
    await handler.set('/key', {}, { fetchCache: true })
    t.equal(await handler.get('/key', {}), null)
    await handler.revalidateTag('tag')
    t.strictSame([one.told.splice(0), two.told], [['one tag'], []])
    await create(context).revalidateTag(['tag'])
    t.strictSame([one.told.splice(0), two.told.splice(0)], [['one tag'], ['two tag']])
  }
})

t.test('whether an app is observed is known at any time', async t => {
  const one = added(t, 'one')
  t.ok(isObserved(one))
  t.notOk(isObserved(app('two')))
  const handlers = globals[HANDLERS]
  globals[HANDLERS] = {}
  t.notOk(isObserved(one))
  globals[HANDLERS] = { ...handlers }
  t.ok(isObserved(one), 'a copy with something beside it')
  one.remove()
  t.notOk(isObserved(one))
  t.notOk(HANDLERS in globals)
})

t.test('what was there comes back with the end of the last app', async t => {
  for (const before of [undefined, { DefaultCache: 1 }]) {
    if (before) Object.assign(globals, { [HANDLERS]: { ...before } })
    const one = added(t, 'one')
    const two = added(t, 'two')
    t.match(globals[HANDLERS], before ?? {}, 'what others have set is still there')
    t.notOk(hasOtherGlobalHandler())
    one.remove()
    one.remove()
    t.type(globals[HANDLERS]?.FetchCache, 'function')
    two.remove()
    t.strictSame(globals[HANDLERS], before)
    t.equal(HANDLERS in globals, before !== undefined)
  }
})

t.test('what somebody has set since is left alone', async t => {
  const one = added(t, 'one')
  const others = { FetchCache: OthersHandler }
  globals[HANDLERS] = others
  t.ok(hasOtherGlobalHandler())
  one.remove()
  t.equal(globals[HANDLERS], others)
})
