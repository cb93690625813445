import t from 'tap'
import { replaceServer, Teapot } from './helpers/error-pages.js'
import { ready } from './helpers/serve.js'

t.test('without a way to the error page there is a coded error', async t => {
  const fastify = await ready(t, {
    fixture: 'pages-router',
    after(fastify) {
      replaceServer(fastify, {})
      fastify.get('/own', (_request, reply) => reply.nextRenderError(new Teapot('a secret')))
    }
  })
  const { body, headers, statusCode } = await fastify.inject('/own')
  t.equal(statusCode, 418)
  t.match(headers['content-type'], 'application/json')
  t.match(JSON.parse(body), { code: 'FST_NEXT_ERROR_PAGE_UNSUPPORTED', statusCode: 418 })
  t.notMatch(body, 'a secret')
})

t.test('an error page that fails is answered by Fastify', async t => {
  const fastify = await ready(t, {
    fixture: 'pages-router',
    after(fastify) {
      replaceServer(fastify, {
        async renderError() {
          throw new Error('a secret of the page')
        }
      })
      fastify.setErrorHandler((error, _request, reply) => reply.nextRenderError(error))
      fastify.get('/own', async () => {
        throw new Teapot('a secret')
      })
    }
  })
  const { body, statusCode } = await fastify.inject('/own')
  t.equal(statusCode, 500)
  t.match(JSON.parse(body), { code: 'FST_NEXT_REQUEST_FAILED' })
  t.notMatch(body, 'a secret')
})
