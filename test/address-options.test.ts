import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { callAction } from './helpers/action.js'
import { answered } from './helpers/answered.js'
import { serve } from './helpers/serve.js'

/** Another address of this machine, at which the app is not served. */
const HOSTNAME = '127.0.0.2'

t.test('hostname and port of the options win over the address that is served', async t => {
  const requests: unknown[] = []
  const spy = createServer((request, response) => {
    requests.push(request.url)
    response.end()
  })
  await new Promise<void>(resolve => spy.listen(0, HOSTNAME, resolve))
  t.teardown(() => {
    spy.closeAllConnections()
    spy.close()
  })
  const { port } = spy.address() as AddressInfo

  const { url } = await serve(t, { fixture: 'plain', options: { hostname: HOSTNAME, port } })
  await (await callAction(`${url}/action`)).arrayBuffer()
  t.match(requests, [/^\/target/])
  // NextRequest takes every loopback address for localhost.
  t.equal((await answered(url)).headers.get('x-proxy-url'), `http://localhost:${port}/`)
})
