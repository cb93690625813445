import t, { type Test } from 'tap'
import { openAppState } from '../src/next/app-state.js'
import {
  addCachingApp,
  type CachingApp,
  hasOtherGlobalHandler
} from '../src/next/global-cache-handler.js'
import { findNext } from '../src/next/load.js'
import type { CacheHandler, PageObserver } from '../src/next/page-cache.js'
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

interface App extends CachingApp {
  runs: boolean
}

/** Its handlers say which app they are of, and who is told. */
function app(name: string): App {
  const observers = new Set([{ name } as unknown as PageObserver])
  const self: App = {
    runs: false,
    observers,
    isRunning: () => self.runs,
    create: (_context, told) => ({ name, told: [...told] }) as unknown as CacheHandler
  }
  return self
}

function added(t: Test, name: string): App & { remove(): void } {
  const self = app(name)
  const remove = addCachingApp(self)
  t.teardown(remove)
  return Object.assign(self, { remove })
}

t.afterEach(() => {
  delete globals[HANDLERS]
})

t.test('the handler is that of the app that runs', async t => {
  const [one, two] = ['one', 'two'].map(name => added(t, name))
  for (const running of [one, two]) {
    if (running === undefined) return
    running.runs = true
    t.match(create(), { told: [...running.observers] })
    running.runs = false
  }
})

t.test('what belongs to no call may be of any app: all are told', async t => {
  const one = added(t, 'one')
  t.strictSame(Object(create()).told, [{ name: 'one' }])
  added(t, 'two')
  t.strictSame(Object(create()).told, [{ name: 'one' }, { name: 'two' }])
  one.remove()
  t.strictSame(Object(create()).told, [{ name: 'two' }])
})

t.test('an app that is not observed has what it would have', async t => {
  added(t, 'one')
  const dir = await builtFixture('app')
  const state = openAppState(dir)
  const next = findNext(dir)
  state.separate(next)
  const { default: Handler } = next.load(
    'next/dist/server/lib/incremental-cache/file-system-cache'
  ) as { default: new () => unknown }
  t.ok(state.run(() => create()) instanceof Handler)
  t.notOk(create() instanceof Handler)
  const without = { ...next, load: () => ({}) }
  state.separate(without)
  t.equal(await state.run(() => create()).get('/key', {}), null)
})

t.test('where Next has no files it has no handler: none keeps anything', async t => {
  const { runs } = Object.assign(added(t, 'one'), { runs: true })
  t.ok(runs)
  for (const context of [{}, { fs: {} }, { serverDistDir: '/app' }, null]) {
    const handler = create(context)
    await handler.set('/key', {}, {})
    await handler.revalidateTag('tag')
    t.equal(await handler.get('/key', {}), null)
  }
})

t.test('what was there comes back with the end of the last app', async t => {
  for (const before of [undefined, { DefaultCache: 1 }]) {
    if (before) Object.assign(globals, { [HANDLERS]: before })
    const one = added(t, 'one')
    const two = added(t, 'two')
    t.match(globals[HANDLERS], before ?? {}, 'what others have set is still there')
    t.notOk(hasOtherGlobalHandler())
    one.remove()
    one.remove()
    t.type(globals[HANDLERS]?.FetchCache, 'function')
    two.remove()
    t.equal(globals[HANDLERS], before)
    t.equal(HANDLERS in globals, before !== undefined)
  }
})

t.test('what somebody has set since is left alone', async t => {
  const one = added(t, 'one')
  const others = { FetchCache: class {} as unknown as NonNullable<Handlers['FetchCache']> }
  globals[HANDLERS] = others
  t.ok(hasOtherGlobalHandler())
  one.remove()
  t.equal(globals[HANDLERS], others)
})
