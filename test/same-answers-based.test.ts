import t from 'tap'
import { count } from './helpers/lane.js'
import { callActions } from './same-answers/actions.js'
import { type Allowance, isNotFoundByFastify, REFUSED } from './same-answers/allowed.js'
import { sameAnswers } from './same-answers/app.js'
import { sendLargeBodies } from './same-answers/large-bodies.js'
import { loadAssets } from './same-answers/renewal.js'
import { sendBadInputs } from './same-answers/sockets.js'
import { FORWARDED } from './same-answers/variants.js'

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

/** Of a request, or of a message as a report names it. */
function isOutside(path: string): boolean {
  return !/^(?:"\S+ )?\/(?:docs|cdn|[Oo][Uu][Tt][Ss][Ii][Dd][Ee])(?:[/? ]|$)/.test(path)
}

const allowed: readonly Allowance[] = [
  {
    reason: 'With a basePath Fastify answers what is outside of it',
    applies: ({ path }, _next, plugin) =>
      isOutside(path) && (isNotFoundByFastify(plugin) || plugin.body.includes('"FST_ERR_CTP_'))
  },
  {
    reason:
      "Fastify's own answer does not wait for the body, and what the parser refuses there it answers too",
    applies: ({ path }, next, plugin) =>
      isOutside(path) && next.status === '' && REFUSED.test(plugin.body)
  }
]

t.setTimeout(count(120_000, 1_800_000))

t.test('the plugin answers as next start does: base path, asset prefix and proxy', t =>
  sameAnswers(t, {
    name: 'based',
    allowed,
    headers: [
      { 'X-Removed': '1' },
      { 'X-Seen': '1' },
      { 'X-Of-Proxy': 'forged', RSC: '1' },
      ...FORWARDED
    ],
    routes: ROUTES,
    trustProxy: true,
    async more(check, servers) {
      await callActions(check, '/docs/action/', FORWARDED)
      await loadAssets(check, '/docs/')
      await sendBadInputs(check, servers)
      await sendBadInputs(check, servers, '/docs')
      // The proxy of the app is given a copy of the body.
      await sendLargeBodies(check, servers, [
        { path: '/docs/dynamic/' },
        { path: '/docs/api/echo/', headers: { 'Content-Type': 'text/plain' } }
      ])
    }
  })
)
