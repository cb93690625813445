import t from 'tap'
import { onRequestError, register } from '../src/instrumentation/in-nodejs-runtime.js'
import { keptLog } from './helpers/log.js'
import { serve } from './helpers/serve.js'

const NOT_REPORTED = /^onNextError is told of nothing: export onRequestError and register of /

t.test('a listener that nobody would tell anything gives a warning', async t => {
  const log = keptLog()
  await serve(t, {
    fixture: 'logs',
    options: { onNextError: () => {} },
    server: { logger: log.logger }
  })
  const warnings = log.take().filter(({ msg }) => NOT_REPORTED.test(msg))
  t.match(warnings, [{ level: 40 }])
})

t.test('there is none without a listener', async t => {
  const log = keptLog()
  await serve(t, { fixture: 'logs', server: { logger: log.logger } })
  t.notOk(log.take().some(({ msg }) => NOT_REPORTED.test(msg)))
})

t.test('without the plugin, as with `next start`, reports go nowhere', async t => {
  await register()
  const context = { routerKind: 'App Router', routePath: '/', routeType: 'render' } as const
  await onRequestError(new Error('Reported'), {}, context)
  t.notOk(
    Object.getOwnPropertySymbols(globalThis).some(symbol =>
      symbol.description?.startsWith('fastify-next.error-reporters')
    )
  )
})
