import t from 'tap'
import { count } from './helpers/lane.js'
import { sameAnswers } from './same-answers/app.js'
import { startOrigin } from './same-answers/origin.js'

const ROUTES = [
  '/',
  '/before/x',
  '/to/echo',
  '/to/echo/gr%C3%B6%C3%9Fe/a%2Fb',
  '/to/cookies',
  '/to/compressed',
  '/to/large',
  '/to/redirect',
  '/to/empty',
  '/to/status',
  '/to/events',
  '/to/broken',
  '/to/cut',
  '/if/x',
  '/gone/x',
  '/nowhere'
]

t.setTimeout(count(120_000, 1_800_000))

t.test('the plugin answers as next start does: rewrites to another origin', async t => {
  const origin = await startOrigin(t)
  await sameAnswers(t, {
    name: 'proxied',
    replace: ['http://origin.invalid', origin],
    routes: ROUTES,
    async more(check) {
      for (const length of [0, 1, 70_000, 3_000_000]) {
        const body = 'upload'.repeat(length / 6 + 1).slice(0, length)
        for (const method of ['POST', 'PUT', 'DELETE']) {
          await check.request({ method, path: '/to/upload', body })
          await check.request({ method, path: '/nowhere', body })
        }
      }
    }
  })
})
