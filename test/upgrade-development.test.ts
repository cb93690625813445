import t from 'tap'
import { fixturePath } from './helpers/fixture.js'
import {
  answersOrdinary,
  connected,
  echoOf,
  echoOfSocketIo,
  isRefused,
  open,
  refusal,
  type Setup,
  startDevelopment
} from './helpers/upgrades.js'
import { upgradeRequest } from './helpers/wire.js'

const dir = fixturePath('sockets')

t.test('nobody else is there', async t => {
  const { server, port, url } = await startDevelopment(t, dir)
  t.match(await connected(t, `${url}/_next/hmr`), { type: String })
  // Of a page, of a route of Fastify, of nobody, and of another version of Next.
  for (const path of ['/page', '/plain', '/nowhere', '/_next/webpack-hmr', '/elsewhere']) {
    isRefused(t, await refusal(port, path), 404, path)
  }
  const foreign = upgradeRequest('/_next/hmr').replace('\r\n', '\r\nOrigin: http://example.com\r\n')
  isRefused(t, await refusal(port, '/_next/hmr', { request: foreign }), 403)
  await answersOrdinary(t, port)
  t.match(await connected(t, `${url}/_next/hmr`), { type: String })
  // An open tab does not keep the server from closing.
  await open(t, `${url}/_next/hmr?id=a-page`)
  t.equal((await server.stop('SIGTERM')).code, 0)
  t.match(server.output(), /^Closed$/m)
})

const owners: readonly Pick<Setup, 'owner' | 'when'>[] = [
  { owner: 'websocket', when: 'before' },
  { owner: 'websocket', when: 'after' },
  { owner: 'http-proxy', when: 'before' },
  { owner: 'silent', when: 'before' },
  { owner: 'ws', when: 'before' },
  { owner: 'ws, late', when: 'listen' },
  { owner: 'socket.io', when: 'after' },
  { owner: 'socket.io, silent', when: 'after' }
]

for (const { owner, when } of owners) {
  t.test(`${owner}, ${when}`, async t => {
    const { port, url, server } = await startDevelopment(t, dir, { owner, when })
    t.match(await connected(t, `${url}/_next/hmr`), { type: String })
    const echo = () =>
      owner?.startsWith('socket.io') ? echoOfSocketIo(t, port) : echoOf(t, `${url}/own`)
    t.equal(await echo(), 'a word')
    if (owner === 'websocket') t.equal(await echoOf(t, `${url}/page`), 'a word')
    if (owner === 'socket.io') t.equal(await refusal(port, '/nowhere'), '', 'it closes')
    else if (owner === 'ws') isRefused(t, await refusal(port, '/nowhere'), 400)
    else if (owner === 'ws, late') isRefused(t, await refusal(port, '/nowhere'), 410)
    else {
      isRefused(t, await refusal(port, '/nowhere'), 404)
    }
    await server.stop('SIGKILL')
  })
}
