import { createRequire } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { assertInUse, loadNextConfig } from '../src/next/config.js'
import { freshnessOf } from '../src/next/freshness.js'
import { findNext } from '../src/next/load.js'
import { ruleMatcher } from '../src/next/route-rules.js'
import { event } from './helpers/event.js'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import { setGlobal } from './helpers/globals.js'
import { ready } from './helpers/serve.js'

const require = createRequire(fixturePath('package.json'))

// What the plugin relies on and Next does not document. A failure here names what a new version of
// Next has changed; src/next/ says what the plugin does without it.

const log = { warn() {} } as never

t.test('next/dist/server/config caches what it loads, by phase and directory', async t => {
  const dir = await builtFixture('app')
  const next = findNext(dir)
  const load = await loadNextConfig(next, { dir, dev: false, conf: { compress: false } }, log)
  t.ok(load, 'the config is reached')
  const { default: loadConfig } = require('next/dist/server/config')
  const cached = await loadConfig('phase-production-server', dir, { silent: true })
  t.equal(cached, load?.values)
  t.equal(cached.compress, false)
  load?.restore()
  t.equal(cached.compress, true)
})

t.test('without it, conf is refused and the rest goes on', async t => {
  const dir = await builtFixture('app')
  const other = { version: '16.99.0', directory: '', load: () => ({}) }
  t.equal(await loadNextConfig(other, { dir, dev: false, conf: {} }, log), undefined)
  await t.rejects(loadNextConfig(other, { dir, dev: false, conf: { compress: false } }, log), {
    code: 'FST_NEXT_CONF_UNSUPPORTED'
  })
})

t.test('a prepared app shows the config that it runs with', async t => {
  const fastify = await ready(t, { options: { conf: { compress: false } } })
  const next = findNext(fixturePath('app'))
  const { default: loadConfig } = require('next/dist/server/config')
  const dir = fixturePath('app')
  const config = await loadConfig('phase-production-server', dir, { silent: true })
  const { server } = fastify.nextApp as { server?: { server?: { nextConfig?: unknown } } }
  t.equal(server?.server?.nextConfig, config)
  assertInUse(next, fastify.nextApp, config)
  assertInUse(next, {}, config)
  t.throws(() => assertInUse(next, fastify.nextApp, { ...config }), {
    code: 'FST_NEXT_CONF_UNSUPPORTED'
  })
})

t.test('the app has an upgradeHandler once it is prepared', async t => {
  const fastify = await ready(t)
  t.type((fastify.nextApp as { upgradeHandler?: unknown }).upgradeHandler, 'function')
})

t.test('path-to-regexp is where the rules of a development server are compiled', async t => {
  const { pathToRegexp } = require('next/dist/compiled/path-to-regexp')
  t.ok(pathToRegexp('/a/:path*', [], { strict: true }).test('/a/b/c'))
})

t.test('what is fresh is decided by next/dist/compiled/fresh', async t => {
  const isFresh = freshnessOf(findNext(await builtFixture('app')))
  const answer = { etag: 'W/"one"', 'last-modified': 'Sat, 01 Jan 2000 00:00:00 GMT' }
  t.equal(isFresh?.({ 'if-none-match': '"other", W/"one"' }, answer), true)
  t.equal(isFresh?.({ 'if-none-match': '"other"' }, answer), false)
  t.equal(isFresh?.({ 'if-none-match': '*', 'cache-control': 'no-cache' }, answer), false)
  t.equal(freshnessOf({ version: '16.99.0', directory: '', load: () => ({}) }), undefined)
})

t.test('the manifests of a build have the rules of the app', async t => {
  const concerns = async (name: string, path: string) =>
    ruleMatcher(join(await builtFixture(name), '.next'), 'file')(path)
  t.equal(await concerns('app', '/_next/static/chunks/a.js'), false)
  t.equal(await concerns('app', '/static'), true, 'a header')
  t.equal(await concerns('app', '/old'), true, 'a redirect')
  t.equal(await concerns('same/main', '/_next/static/chunks/a.js'), true, 'a header for all')
  t.equal(await concerns('same/main', '/before/a'), true, 'a rewrite')
  t.equal(await concerns('slashed', '/shop/_next/static/chunks/a.js'), true, 'a proxy for all')
  t.equal(await concerns('app', '/%6fld'), true, 'decoded')
  t.equal(await concerns('app', '/%zz'), true, 'what can not be decoded')
  const without = ruleMatcher(fixturePath('nowhere'), 'file')
  t.equal(without('/_next/static/chunks/a.js'), true, 'without manifests every path counts')
})

t.test('the waitUntil of the request context is the one that Next uses', async t => {
  const { getBuiltinRequestContext } = require('next/dist/server/after/builtin-request-context')
  const ran = event<{ waitUntil?: unknown } | undefined>('after()')
  setGlobal(t, 'afterResponse', () => ran.happen(getBuiltinRequestContext()))
  const fastify = await ready(t)
  t.equal(getBuiltinRequestContext(), undefined, 'outside of a request there is none')
  await fastify.inject('/after')
  t.type((await ran.happened)?.waitUntil, 'function')
})
