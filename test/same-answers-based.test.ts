import t from 'tap'
import { count } from './helpers/lane.js'
import { callActions } from './same-answers/actions.js'
import { isNotFoundByFastify } from './same-answers/allowed.js'
import { sameAnswers } from './same-answers/app.js'
import type { Answer, Request } from './same-answers/exchange.js'
import { loadAssets } from './same-answers/renewal.js'

const ROUTES = [
  '/docs',
  '/docs/',
  '/docs/guide',
  '/docs/guide/',
  '/docs/unseen/1/',
  '/docs/unseen/2/',
  '/docs/dynamic/',
  '/docs/action/',
  '/docs/route/',
  '/docs/route',
  '/docs/sitemap.xml',
  '/docs/legacy/',
  '/docs/plain/',
  '/docs/plain',
  '/docs/api/echo/',
  '/docs/file.txt',
  '/docs/file.txt/',
  '/docs/folder/file.txt',
  '/docs/old/',
  '/docs/instead/',
  '/docs/redirected/',
  '/docs/moved/',
  '/docs/rewritten/',
  '/docs/answered/',
  '/docs/refused/',
  '/docs/throwing/',
  '/docs/nowhere/',
  '/docs/_next/data/same/legacy.json',
  '/docs/_next/data/same/plain.json',
  '/docs/_next/static/same/_buildManifest.js',
  '/cdn/_next/static/same/_buildManifest.js',
  '/docs/_next/image/?url=%2Fdocs%2Ffile.txt&w=64&q=75',
  '/outside',
  '/outside/a/b',
  '/OUTSIDE/x?y=1',
  '/',
  '/docsx'
]

const allowed = [
  {
    reason: 'With a basePath Fastify answers what is outside of it',
    applies: ({ path }: Request, _next: Answer, plugin: Answer) =>
      !/^\/(?:docs|cdn|[Oo][Uu][Tt][Ss][Ii][Dd][Ee])(?:[/?]|$)/.test(path) &&
      (isNotFoundByFastify(plugin) || plugin.body.includes('"FST_ERR_CTP_'))
  }
]

t.setTimeout(count(120_000, 1_800_000))

t.test('the plugin answers as next start does: base path, asset prefix and proxy', t =>
  sameAnswers(t, {
    name: 'based',
    allowed,
    headers: [{ 'X-Removed': '1' }, { 'X-Seen': '1' }, { 'X-Of-Proxy': 'forged', RSC: '1' }],
    routes: ROUTES,
    async more(check) {
      await callActions(check, '/docs/action/')
      await loadAssets(check, '/docs/')
    }
  })
)
