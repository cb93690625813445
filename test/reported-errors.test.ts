import t from 'tap'
import { callAction } from './helpers/action.js'
import { startObserved } from './helpers/observed.js'

const ofApp = { routerKind: 'App Router' }
const ofPages = { routerKind: 'Pages Router' }
const ofComponents = { ...ofApp, routeType: 'render', renderSource: 'react-server-components' }

/** What fails by path, and what is known of it. */
const FAILURES = new Map([
  ['/throws/one', ['The page one has failed', { ...ofComponents, route: '/throws/[slug]' }]],
  ['/suspended', ['The late part has failed', { ...ofComponents, route: '/suspended' }]],
  [
    '/client',
    [
      'The client component has failed',
      { ...ofComponents, route: '/client', renderSource: 'server-rendering' }
    ]
  ],
  [
    '/handler/one',
    ['The handler one has failed', { ...ofApp, route: '/handler/[id]', routeType: 'route' }]
  ],
  [
    '/legacy/one',
    ['The legacy page one has failed', { ...ofPages, route: '/legacy/[slug]', routeType: 'render' }]
  ],
  [
    '/api/one',
    ['The API route one has failed', { ...ofPages, route: '/api/[name]', routeType: 'route' }]
  ],
  ['/proxied', ['The proxy has failed', { ...ofPages, route: '/proxy', routeType: 'proxy' }]],
  [
    '/acts',
    [
      'The action has failed',
      {
        ...ofApp,
        route: '/acts',
        routeType: 'action',
        renderSource: 'react-server-components-payload'
      }
    ]
  ]
] as const)

for (const dev of [false, true]) {
  t.test(dev ? 'in development' : 'in production', { timeout: 110_000 }, async t => {
    const { url, load, log, output, until } = await startObserved(t, dev)

    for (const [path, [message, known]] of FAILURES) {
      await t.test(message, async t => {
        const ofFailure = () => log().filter(({ err }) => err?.message === message)
        const answer = await (path === '/acts' ? callAction(`${url}${path}`) : load(path))
        const html = await answer.text()
        await until(new RegExp(`"message":"${message}"`))
        // The end of the request is logged later than any second line about it would be.
        const [{ reqId = '' } = {}] = ofFailure()
        await until(new RegExp(`"reqId":"${reqId}".*"msg":"request completed"`))
        const [error, ...others] = ofFailure()
        t.strictSame(others, [], 'it is logged once')
        t.match(error, { level: 50, module: 'next', msg: message, ...known })
        t.equal(log().find(line => line.reqId === reqId && line.req)?.req?.url, path)
        t.equal(error?.digest !== undefined, 'renderSource' in known)
        if (error?.digest && path !== '/client') t.ok(html.includes(error.digest))
        const told = log().filter(line => line.reqId === reqId && line.told)
        t.match(told, [{ told: { ...known, digest: error?.digest } }])
        t.equal(told.length, 1)
      })
    }

    t.notOk(log().some(({ msg }) => msg?.startsWith('onNextError is told of nothing')))

    await t.test('what is thrown and no error is logged once, too', async t => {
      await load('/text')
      await until(/"told":\{"error":"A text was thrown"/)
      t.equal(log().filter(({ msg }) => msg === 'A text was thrown').length, 1)
      t.notOk(log().some(({ msg }) => msg === ''))
    })

    await t.test('what Next prints and does not report is logged', async t => {
      await load('/after')
      await until(/"An error occurred in a function passed to `after\(\)`"/)
      const lines = log().filter(({ err }) => err?.message === 'The work after has failed')
      t.match(lines, [{ level: 50, route: '/after', reqId: /^req-/, told: undefined }])
      await until(/"The other work after has ended"/)
      const messages = log().map(({ msg }) => msg)
      const [failed, ended] = ['An error occurred in', 'The other work'].map(start =>
        messages.findIndex(msg => msg?.startsWith(start))
      )
      t.ok(Number(failed) < Number(ended), 'at once, since nothing more will be known of it')
      await load('/edge')
      await until(/The edge page has failed/)
    })

    // Next goes on after a proxy that has failed, and fails again where the answer is compressed.
    t.notMatch(output(), 'after they are sent to the client')
  })
}
