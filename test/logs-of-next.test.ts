import { createRequire } from 'node:module'
import { stripVTControlCharacters } from 'node:util'
import t from 'tap'
import { readPrefix } from '../src/next/message-prefix.js'
import {
  addRenders,
  currentRoute,
  isInProxy,
  outsideOfRenders,
  routeOf
} from '../src/next/renders.js'
import { answered } from './helpers/answered.js'
import { fixturePath } from './helpers/fixture.js'
import { setGlobal } from './helpers/globals.js'
import { keptLog } from './helpers/log.js'
import { serve } from './helpers/serve.js'

const require = createRequire(fixturePath('package.json'))
const META = Symbol.for('NextInternalRequestMeta')

// What the log relies on and Next does not document. A failure here names what a new version has
// changed; src/next/ says what the plugin does without it.

t.test('the prefixes of its messages', async t => {
  const { prefixes } = require('next/dist/build/output/log')
  const levels = { error: 'error', warn: 'warn', trace: 'debug' } as const
  for (const [name, prefix] of Object.entries<string>(prefixes)) {
    const level = levels[name as keyof typeof levels]
    t.strictSame(
      readPrefix(stripVTControlCharacters(`${prefix} Said by Next`)),
      { text: 'Said by Next', level },
      name
    )
  }
  t.strictSame(readPrefix(' │ │ ⚠ Said by Next'), { text: 'Said by Next', level: 'warn' })
  t.strictSame(readPrefix('✓said'), { text: '✓said', level: undefined }, 'not a prefix')
})

t.test('the stores of a render name its route, as the data of the request does', async t => {
  const log = keptLog()
  const { url } = await serve(t, { fixture: 'logs', server: { logger: log.logger } })
  // Not before Next itself has prepared what it is made of.
  const { workAsyncStorage } = require('next/dist/server/app-render/work-async-storage.external')
  const routes: unknown[] = []
  setGlobal(t, 'runInPage', () => void routes.push(workAsyncStorage.getStore()?.route))
  await answered(`${url}/given`)
  t.strictSame(routes, ['/given'])
  const rendered = workAsyncStorage.run({ route: '/given' }, currentRoute)
  t.equal(rendered, '/given')
  const { addRequestMeta } = require('next/dist/server/request-meta')
  const request = { [META]: {} }
  addRequestMeta(request, 'match', { definition: { pathname: '/blog/[slug]' } })
  t.equal(routeOf(request as never), '/blog/[slug]')
  t.notOk(isInProxy(request as never))
  addRequestMeta(request, 'middlewareInvoke', true)
  t.ok(isInProxy(request as never))
})

t.test('without them nothing is known of a render, and all else goes on', async t => {
  const load = () => {
    throw new Error('It is not there')
  }
  addRenders({ version: '16.99.0', directory: '/nowhere', load })
  t.equal(currentRoute(), undefined)
  t.equal(routeOf({} as never), undefined)
  t.notOk(isInProxy({} as never))
  t.equal(
    outsideOfRenders(() => 'called'),
    'called'
  )
})
