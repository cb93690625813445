import t from 'tap'
import { callAction } from './helpers/action.js'
import { event } from './helpers/event.js'
import { setGlobal } from './helpers/globals.js'
import { ready, serve } from './helpers/serve.js'

t.test('Next names the address that is really served', async t => {
  const { port, url } = await serve(t, { fixture: 'plain' })
  const response = await fetch(url)
  t.equal(response.headers.get('x-proxy-url'), `http://localhost:${port}/`)
})

t.test('an action that redirects fetches its target from there', async t => {
  const asked = event<Headers>('the request for the target')
  setGlobal(t, 'targetAsked', asked.happen)
  const { url } = await serve(t, { fixture: 'plain' })
  const response = await callAction(`${url}/action`)
  t.equal(response.headers.get('x-action-redirect'), '/target;push')
  const headers = await asked.happened
  t.equal(headers.get('cookie'), 'user=secret')
})

t.test('nothing is fetched while nothing listens', async t => {
  const fastify = await ready(t, { fixture: 'plain' })
  const { headers } = await fastify.inject('/')
  t.equal(headers['x-proxy-url'], 'http://localhost:0/')
})
