import t from 'tap'
import type { NextStats } from '../src/index.js'
import { type Span, startObserved } from './helpers/observed.js'
import { until } from './helpers/twins.js'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CLIENT = 'b7ad6b7169203331'

/** Whether a span is below another one. */
function isBelow(spans: Span[], span: Span, above: Span): boolean {
  const parent = spans.find(({ spanId }) => spanId === span.parentId)
  return parent !== undefined && (parent === above || isBelow(spans, parent, above))
}

for (const dev of [false, true]) {
  t.test(dev ? 'in development' : 'in production', { timeout: 110_000 }, async t => {
    const { load, log, spans, until: untilPrinted } = await startObserved(t, dev)
    const answers = new Map<string, Response>()
    const paths = ['/blog/one', '/blog/two', '/posts/one', '/handler/one', '/api/fine', '/nowhere']
    for (const path of paths) answers.set(path, await load(path))
    const again = await load('/posts/one')

    await t.test('hooks and logs have the route that has answered', async t => {
      const routes = paths.map(path => answers.get(path)?.headers.get('x-next-route'))
      const expected = [
        '/blog/[slug]',
        '/blog/[slug]',
        '/posts/[slug]',
        '/handler/[id]',
        '/api/[name]',
        '/_not-found'
      ]
      t.strictSame(routes, expected)
      t.equal(again.headers.get('x-next-route'), '/posts/[slug]', 'once it is kept, too')
      await untilPrinted(/"reqId":"req-7".*"msg":"request completed"/)
      const logged = log().filter(({ res }) => res)
      t.strictSame(
        logged.map(({ res }) => res?.route),
        [...expected, '/posts/[slug]']
      )
    })

    await t.test('metrics are grouped by it', async t => {
      const metrics = await (await load('/metrics')).text()
      const counts = [...metrics.matchAll(/_seconds_count\{.*?route="(.*?)".*?\} (\d+)/g)]
      t.match(Object.fromEntries(counts.map(([, route, count]) => [route, count])), {
        '/blog/[slug]': '2',
        '/posts/[slug]': '2',
        '/handler/[id]': '1',
        '/_not-found': '1'
      })
      t.notMatch(metrics, /route="(?:\/blog\/one|\*|\/\*)"/)
    })

    await t.test('Next goes on with the trace that Fastify has taken up', async t => {
      const traceparent = `00-${TRACE}-${CLIENT}-01`
      await load('/blog/traced', { headers: { traceparent } })
      await untilPrinted(/"http.target":"\/blog\/traced"/)
      await untilPrinted(/"url.path":"\/blog\/traced"/)
      const ofTrace = spans().filter(({ traceId }) => traceId === TRACE)
      const named = (name: string) => ofTrace.filter(span => span.name === name)
      const [ofFastify, ...others] = named('request')
      t.strictSame(others, [])
      t.equal(ofFastify?.parentId, CLIENT)
      t.equal(ofFastify?.attributes['http.route'], '/blog/[slug]')
      for (const name of ['GET /blog/[slug]', 'render route (app) /blog/[slug]']) {
        const [span, ...others] = named(name)
        t.strictSame(others, [])
        t.ok(span && ofFastify && isBelow(ofTrace, span, ofFastify), name)
      }
    })

    await t.test('the times of Fastify and of Next are told', async t => {
      const timing = answers.get('/blog/one')?.headers.get('server-timing')
      t.match(timing, /^fastify;dur=\d+\.\d\d, next;dur=\d+\.\d\d$/)
      const by = dev ? 'next' : 'memory'
      t.match(again.headers.get('server-timing'), new RegExp(`^fastify;dur=.*, ${by};dur=`))
    })

    await t.test('so are the counts of Next and of the memory', async t => {
      // An answer that has been read may have yet to end for the server.
      const { prerenderCache, staticAssets } = await until(async () => {
        const stats = (await (await load('/stats')).json()) as NextStats
        return stats.inFlight + stats.backgroundTasks === 0 ? stats : undefined
      })
      t.equal(staticAssets.hits, 0)
      // Of the eight requests above that have reached Next's routes.
      const misses = dev ? { off: 8, absent: 0 } : { off: 0, absent: 7 }
      t.match(prerenderCache, { hits: dev ? 0 : 1, misses })
    })
  })
}
