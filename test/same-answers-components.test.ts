import t from 'tap'
import { count } from './helpers/lane.js'
import { callActions } from './same-answers/actions.js'
import { sameAnswers } from './same-answers/app.js'
import { sendLargeBodies } from './same-answers/large-bodies.js'
import { loadAssets, renew } from './same-answers/renewal.js'
import { sendBadInputs } from './same-answers/sockets.js'

const ROUTES = [
  '/',
  '/cached',
  '/partial/1',
  '/partial/gr%C3%B6%C3%9Fe',
  '/partial/2',
  '/search',
  '/search?q=a',
  '/unknown/1',
  '/unknown/missing',
  '/action',
  '/route/cached',
  '/route/renew',
  '/route/draft',
  '/sitemap.xml',
  '/nowhere'
]

t.setTimeout(count(120_000, 1_800_000))

t.test('the plugin answers as next start does: cache components', t =>
  sameAnswers(t, {
    name: 'components',
    headers: [
      { RSC: '1', 'Next-Router-Prefetch': '1', 'Next-Router-Segment-Prefetch': '/partial/$d$id' },
      { RSC: '1', 'Next-Router-Prefetch': '1', 'Next-Router-Segment-Prefetch': '/cached' },
      { Cookie: 'user=one' }
    ],
    preview: '/route/draft',
    routes: ROUTES,
    async more(check, servers) {
      await callActions(check, '/action')
      await renew(check, [
        ['/cached', '/route/renew'],
        ['/partial/1', '/route/renew'],
        ['/route/cached', '/route/renew']
      ])
      await loadAssets(check, '/partial/1')
      await sendBadInputs(check, servers)
      const resumed = { 'Next-Resume': '1', 'X-Next-Resume-State-Length': '3' }
      await sendLargeBodies(check, servers, [
        { path: '/partial/1', headers: resumed },
        { path: '/cached', headers: { 'Next-Resume': '1' } }
      ])
    }
  })
)
