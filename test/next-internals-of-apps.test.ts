import { createRequire } from 'node:module'
import t from 'tap'
import { openAppState } from '../src/next/app-state.js'
import { nameEdgeFunctions } from '../src/next/edge-functions.js'
import { findNext } from '../src/next/load.js'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import { serveTwins } from './helpers/twins.js'

const require = createRequire(fixturePath('package.json'))
const load = (name: string) => require(`next/dist/server/lib/incremental-cache/${name}.external.js`)

// Where Next keeps what the plugin divides among several apps. A failure here names what a new
// version of Next has moved.

t.test('while one app runs, what Next keeps is as Next has made it', async t => {
  const [one] = await serveTwins(t, ['one'])
  for (const url of ['/', '/isr', '/dynamic', '/use-cache', '/tagged', '/legacy', '/api/edge']) {
    t.equal((await one?.fastify.inject(url))?.statusCode, 200)
  }
  await one?.fastify.inject({ method: 'POST', url: '/revalidate' })

  for (const name of [
    Symbol.for('next.server.manifests'),
    Symbol.for('@next/cache-handlers-map'),
    Symbol.for('@next/cache-handlers-set'),
    '__next_require__',
    '__next_chunk_load__',
    '__incrementalCache'
  ]) {
    const { value } = Object.getOwnPropertyDescriptor(globalThis, name) ?? {}
    t.ok(value, String(name))
  }
  const stores = {
    pages: load('memory-cache').getMemoryCache(),
    lifetimes: load('shared-cache-controls').SharedCacheControls.cacheControls,
    tags: load('tags-manifest').tagsManifest
  }
  for (const [name, store] of Object.entries(stores)) {
    t.ok(store.size > 0, name)
    t.notOk(Object.hasOwn(store, 'get'), name)
  }
})

t.test('the server of a prepared app names its Edge functions', async t => {
  const [one] = await serveTwins(t, ['one'])
  type Server = { getEdgeFunctionInfo(params: object): { name: unknown } }
  const app = one?.fastify.nextApp as unknown as { server: { server: Server } }
  const { server } = app.server
  const find = () => server.getEdgeFunctionInfo({ page: '/api/edge', middleware: false }).name
  const before = find()
  t.type(before, 'string')
  const dir = await builtFixture('twin-one')
  const names = new Map()
  nameEdgeFunctions(findNext(dir), app, dir, names)
  t.type(find(), 'object')
  t.equal(String(find()), before)
  t.equal(find(), find())
  const { getEdgeFunctionInfo } = server
  nameEdgeFunctions(findNext(dir), app, dir, names)
  t.equal(server.getEdgeFunctionInfo, getEdgeFunctionInfo, 'once')
})

t.test('without them a second app is refused', t => {
  const other = { version: '16.99.0', directory: '', load: () => ({}) }
  const failing = {
    ...other,
    load() {
      throw new Error('Cannot find module')
    }
  }
  const refused = { code: 'FST_NEXT_SEVERAL_APPS_UNSUPPORTED', message: '16.99.0' }
  // The first app of this process is that of the tests above.
  t.throws(() => openAppState('/another').separate(other), refused)
  t.throws(() => openAppState('/another').separate(failing), refused)
  t.throws(() => nameEdgeFunctions(other, {}, '/another', new Map()), refused)
  t.end()
})
