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

/** What an owner of upgrades does where a path is not its own: the status it answers with, or else. */
const ELSEWHERE: Readonly<Record<string, number | 'closes'>> = {
  'http-proxy': 404,
  websocket: 404,
  'websocket in a scope': 404,
  ws: 400,
  'ws, late': 410,
  // Without a word: engine.io ends what is not its own, and before it would be refused here.
  'socket.io': 'closes'
}
const PLUGINS = ['http-proxy', 'websocket', 'websocket in a scope']
const MOMENTS = ['before', 'after', 'ready', 'listen'] as const

function setupsOf(options: object): Setup[] {
  return Object.keys(ELSEWHERE).flatMap(owner =>
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
  const status = ELSEWHERE[owner]
  for (const path of others) {
    const answer = await refusal(port, path)
    if (status === 'closes') t.equal(answer, '', path)
    else isRefused(t, answer, Number(status), path)
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
