import t from 'tap'
import { ALLOWED } from './same-answers/allowed.js'
import { differencesOf } from './same-answers/differences.js'
import { type Answer, failed } from './same-answers/exchange.js'

const PAGE = '<script>self.__next_f</script><script>one</script><script>two</script>'
const REORDERED = '<script>self.__next_f</script><script>two</script><script>one</script>'

function answer(body: string, headers: string[] = []): Answer {
  return { status: '200 OK', headers, length: undefined, bytes: body.length, body }
}

t.test('an upgrade that the plugin does not answer is not allowed', async t => {
  const request = { method: 'GET', path: '"GET /static HTTP/1.1 Upgrade: websocket"' }
  const none = failed(new Error('no answer'))
  const isAllowed = (plugin: Answer) =>
    ALLOWED.some(({ applies }) => applies(request, none, plugin))
  t.equal(isAllowed(answer('page')), true)
  t.equal(isAllowed(none), false)
  t.equal(isAllowed({ ...answer('page'), error: 'ECONNRESET' }), false)
  t.equal(isAllowed({ ...answer('page'), status: '500 Internal Server Error' }), false)
})

t.test('only what streams may come in another order', async t => {
  const request = { method: 'GET', path: '/' }
  const differences = (...headers: string[]) =>
    differencesOf(request, answer(PAGE, headers), answer(REORDERED, headers))
  t.same(differences(), [])
  t.not(differences('etag: "prerendered"').length, 0)
})
