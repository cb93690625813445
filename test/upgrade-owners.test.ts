import t, { type Test } from 'tap'
import { builtFixture } from './helpers/fixture.js'
import {
  echoOf,
  echoOfSocketIo,
  isRefused,
  refusal,
  type Setup,
  startOwners
} from './helpers/upgrades.js'

/** The status with which an owner of upgrades answers where a path is not its own. */
const STATUSES: Readonly<Record<string, number | undefined>> = {
  'http-proxy': 404,
  websocket: 404,
  'websocket in a scope': 404,
  ws: 400,
  'ws, late': 410,
  // It closes the connection without a word.
  'socket.io': undefined
}
const PLUGINS = ['http-proxy', 'websocket', 'websocket in a scope']
const MOMENTS = ['before', 'after', 'ready', 'listen'] as const

function setupsOf(options: object): Setup[] {
  return Object.keys(STATUSES).flatMap(owner =>
    MOMENTS.slice(0, PLUGINS.includes(owner) ? 2 : 4).map(when => ({ options, owner, when }))
  )
}

async function checkOwner(t: Test, port: number, owner: string): Promise<void> {
  const url = `ws://127.0.0.1:${port}`
  const echo = () => (owner === 'socket.io' ? echoOfSocketIo(t, port) : echoOf(t, `${url}/own`))
  t.equal(await echo(), 'a word')
  if (owner === 'websocket') {
    for (const path of ['/own/below', '/page', '/scoped/socket']) {
      t.equal(await echoOf(t, url + path), 'a word', path)
    }
    const page = await fetch(`http://127.0.0.1:${port}/page`)
    t.match(await page.text(), 'A page')
  }
  const others = ['/nowhere', ...(owner === 'websocket' ? ['/'] : ['/page'])]
  const status = STATUSES[owner]
  for (const path of others) {
    const answer = await refusal(port, path)
    if (status) isRefused(t, answer, status, path)
    else t.equal(answer, '')
  }
  // Also after what it has refused.
  t.equal(await echo(), 'a word')
}

for (const websocketRewrites of [false, true]) {
  t.test(`in production, ${websocketRewrites ? 'with' : 'without'} rewrites`, async t => {
    const dir = await builtFixture('sockets')
    const setups = setupsOf({ dir, dev: false, websocketRewrites })
    const server = await startOwners(t, setups)
    for (const [index, { owner = '', when }] of setups.entries()) {
      await t.test(`${owner}, ${when}`, t => checkOwner(t, server.ports[index] as number, owner))
    }
    await server.stop('SIGKILL')
  })
}
