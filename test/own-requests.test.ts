import { once } from 'node:events'
import { request } from 'node:http'
import t from 'tap'
import { actionOf } from './helpers/action.js'
import { serve } from './helpers/serve.js'

t.test(
  "Next's requests to its own server keep the headers by which it knows the client",
  async t => {
    const warnings: string[] = []
    const stream = { write: (line: string) => void warnings.push(line) }
    const { url } = await serve(t, {
      fixture: 'plain',
      server: { logger: { level: 'warn', stream } }
    })
    const id = await actionOf(`${url}/action`)
    // Another page's server has the action, and is asked for it with `x-forwarded-host`.
    const outgoing = request(`${url}/target`, {
      method: 'POST',
      headers: {
        'content-type': 'text/plain;charset=UTF-8',
        host: 'app.example',
        'next-action': id,
        origin: 'http://app.example'
      }
    })
    outgoing.end('[]')
    const [incoming] = await once(outgoing, 'response', { signal: AbortSignal.timeout(10_000) })
    t.match(incoming.headers['x-action-redirect'], /^\/target/)
    // Before the server closes: what it cuts of Next's own request rejects for nobody.
    await incoming.toArray()
    t.strictSame(warnings, [])
  }
)
