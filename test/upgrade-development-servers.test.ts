import { cp, rm } from 'node:fs/promises'
import t from 'tap'
import { certificate } from './helpers/certificate.js'
import { fixturePath } from './helpers/fixture.js'
import {
  answersOrdinary,
  connected,
  isRefused,
  open,
  refusal,
  startDevelopment
} from './helpers/upgrades.js'

/** Of one directory there is one development server, and another test has that of the fixture. */
const dir = fixturePath('.sockets-served')

t.before(async () => {
  await rm(dir, { force: true, recursive: true })
  await cp(fixturePath('sockets'), dir, { recursive: true, filter: path => !/\.next/.test(path) })
})
t.teardown(() => rm(dir, { force: true, recursive: true }))

t.test('with webpack', async t => {
  const { server, url } = await startDevelopment(t, dir, { options: { webpack: true } })
  t.match(await connected(t, `${url}/_next/hmr`), { type: String })
  await server.stop('SIGKILL')
})

t.test("with Fastify's own server as httpServer", async t => {
  const { server, port, url } = await startDevelopment(t, dir, { options: { httpServer: true } })
  t.match(await connected(t, `${url}/_next/hmr`), { type: String })
  // With its first request Next listens by itself where it is told to.
  const page = await fetch(`http://127.0.0.1:${port}/page`)
  t.match(await page.text(), 'A page')
  t.match(await connected(t, `${url}/_next/hmr`), { type: String })
  await server.stop('SIGKILL')
})

const prefixes: readonly { conf: object; prefix: string }[] = [
  { conf: { basePath: '/docs', trailingSlash: true }, prefix: '/docs' },
  { conf: { basePath: '/docs', assetPrefix: 'https://example.com/cdn/' }, prefix: '/cdn' }
]

for (const { conf, prefix } of prefixes) {
  t.test(JSON.stringify(conf), async t => {
    const { server, port, url } = await startDevelopment(t, dir, { options: { conf } })
    t.match(await connected(t, `${url + prefix}/_next/hmr`), { type: String })
    for (const other of ['', '/docs', '/cdn'].filter(other => other !== prefix)) {
      isRefused(t, await refusal(port, `${other}/_next/hmr`), 404, other)
    }
    await server.stop('SIGKILL')
  })
}

t.test('on both servers of localhost', async t => {
  const { server, port } = await startDevelopment(t, dir, { host: 'localhost' })
  for (const host of ['127.0.0.1', '::1']) {
    const name = host === '::1' ? '[::1]' : host
    t.match(await connected(t, `ws://${name}:${port}/_next/hmr`), { type: String })
    isRefused(t, await refusal(port, '/nowhere', { host }), 404, host)
    await answersOrdinary(t, port, { host })
    await open(t, `ws://${name}:${port}/_next/hmr?id=a-page`)
  }
  t.equal((await server.stop('SIGTERM')).code, 0)
})

for (const http2 of [false, true]) {
  t.test(http2 ? 'HTTP/1.1 beside HTTP/2' : 'HTTPS', async t => {
    const https = { ...certificate(), ...(http2 && { allowHTTP1: true }) }
    const options = { server: { https, ...(http2 && { http2 }) } }
    const { server, port, url } = await startDevelopment(t, dir, options)
    const secure = url.replace('ws:', 'wss:')
    const ca = https.cert
    t.match(await connected(t, `${secure}/_next/hmr`, { ca }), { type: String })
    isRefused(t, await refusal(port, '/nowhere', { isSecure: true }), 404)
    await answersOrdinary(t, port, { isSecure: true })
    await open(t, `${secure}/_next/hmr?id=a-page`, { ca })
    t.equal((await server.stop('SIGTERM')).code, 0)
  })
}
