import t from 'tap'
import { count } from './helpers/lane.js'
import { type Allowance, isWhole } from './same-answers/allowed.js'
import { sameAnswers } from './same-answers/app.js'
import { startOrigin } from './same-answers/origin.js'
import { sendBadInputs } from './same-answers/sockets.js'
import { FORWARDED } from './same-answers/variants.js'

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

const allowed: readonly Allowance[] = [
  {
    reason: "Next closes the client's connection when the other origin closes its own",
    applies: ({ path }, next, plugin) =>
      next.status === '' && /\\r\\n\\r\\n(?:GET|HEAD) /.test(path) && isWhole(plugin, '201 Created')
  },
  {
    reason:
      'The plugin leaves every upgrade to Fastify, and next start asks the other origin for it',
    // The body that Next passes on has no framing, and reads as one more answer.
    applies: ({ path }, next, plugin) =>
      path.includes('Upgrade: websocket') &&
      (isWhole(plugin, '201 Created') ||
        (plugin.error === 'no answer' && next.status.includes('"url":"/fallback/')))
  },
  {
    reason: 'An upgrade that nobody makes is not asked of the other origin either',
    applies: ({ path }, next, plugin) =>
      path.includes('Upgrade: h2c') &&
      next.status === plugin.status &&
      next.body.replace(',["upgrade","h2c"]', '') === plugin.body
  }
]

t.setTimeout(count(120_000, 1_800_000))

t.test('the plugin answers as next start does: rewrites to another origin', async t => {
  const origin = await startOrigin(t)
  await sameAnswers(t, {
    name: 'proxied',
    allowed,
    headers: FORWARDED,
    replace: ['http://origin.invalid', origin],
    routes: ROUTES,
    trustProxy: true,
    async more(check, servers) {
      for (const length of [0, 1, 70_000, 3_000_000]) {
        const body = 'upload'.repeat(length / 6 + 1).slice(0, length)
        for (const method of ['POST', 'PUT', 'DELETE']) {
          await check.request({ method, path: '/to/upload', body })
          await check.request({ method, path: '/nowhere', body })
        }
      }
      await sendBadInputs(check, servers)
    }
  })
})
