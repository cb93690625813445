import { type IncomingMessage, request } from 'node:http'
import t from 'tap'
import { event } from './helpers/event.js'
import { setGlobal } from './helpers/globals.js'
import { servePlain } from './helpers/plain.js'
import { repositoryPath } from './helpers/process.js'
import { serve } from './helpers/serve.js'

interface Answer {
  error?: string
  status?: number | undefined
  text?: string | undefined
  headers?: string[]
  trailers?: NodeJS.Dict<string>
  body?: string
}

/** They speak of the connection, or differ with the framing. */
const IGNORED = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding'])

function fetchRaw(port: number, method: string, path: string, encoding: string): Promise<Answer> {
  return new Promise(resolve => {
    const headers = { 'accept-encoding': encoding, host: 'localhost' }
    const outgoing = request({ port, host: '127.0.0.1', method, path, headers, timeout: 10_000 })
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')))
    outgoing.on('error', error =>
      resolve({ error: (error as NodeJS.ErrnoException).code ?? error.message })
    )
    outgoing.on('response', response => collect(response).then(resolve))
    outgoing.end()
  })
}

async function collect(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  const headers: string[] = []
  for (let index = 0; index < response.rawHeaders.length; index += 2) {
    const name = String(response.rawHeaders[index]).toLowerCase()
    if (!IGNORED.has(name)) headers.push(`${name}: ${response.rawHeaders[index + 1]}`)
  }
  const head = {
    headers: headers.sort(),
    status: response.statusCode,
    text: response.statusMessage
  }
  try {
    for await (const chunk of response) chunks.push(chunk)
  } catch (error) {
    return { ...head, body: Buffer.concat(chunks).toString('latin1'), error: String(error) }
  }
  return { ...head, body: Buffer.concat(chunks).toString('latin1'), trailers: response.trailers }
}

/** What is not compared, and why. */
const DIFFERENT: readonly [RegExp, string][] = [
  [/^POST \/api-route\/throws/, 'how much gets out before the cut is a matter of timing'],
  [/^HEAD .*trailers/, 'Node throws where a HEAD request meets a trailer: Next answers 500']
]

const file = encodeURIComponent(repositoryPath('package-lock.json'))
const ways = 'json head raw pieces realm later pipeline flush-and-end trailers hints cut destroy'
const paths = [
  '/',
  '/static',
  '/dynamic?q=1',
  '/stream',
  '/action',
  '/after',
  '/missing',
  '/nowhere',
  '/throws',
  '/throws-late',
  '/blog/a',
  '/blog/%C3%A9t%C3%A9',
  '/api-route/json',
  '/api-route/echo',
  '/api-route/binary',
  '/api-route/cookies',
  '/api-route/empty',
  '/api-route/throws',
  '/legacy?x=1',
  '/legacy-throws',
  '/hello.txt',
  '/a%20folder/a%20file.txt',
  '/old',
  '/_next/static/nowhere',
  '/_next/image?url=%2Fnowhere.png&w=64&q=75',
  '//double',
  ...ways.split(' ').map(way => `/api/response?way=${way}`),
  `/api/response?way=file&path=${file}`
]

t.test('an answer is what Next itself writes to a socket', async t => {
  const { fastify, port } = await serve(t)
  const plainPort = await servePlain(t, fastify.nextApp)

  for (const path of paths) {
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS']) {
      for (const encoding of ['identity', 'gzip']) {
        const name = `${method} ${path} ${encoding}`
        if (DIFFERENT.some(([expression]) => expression.test(name))) continue
        const ours = await fetchRaw(port, method, path, encoding)
        const theirs = await fetchRaw(plainPort, method, path, encoding)
        t.strictSame(ours, theirs, name)
      }
    }
  }

  for (const how of ['end', 'write-end', 'write-later', 'writes']) {
    const path = `/api/response?way=events&how=${how}`
    const [ours = [], theirs = []] = await Promise.all(
      [port, plainPort].map(async to => {
        const closed = event<string[]>(`close of ${how}`)
        setGlobal(t, `closed${to}`, closed.happen)
        await fetchRaw(to, 'GET', `${path}&to=${to}`, 'identity')
        return closed.happened
      })
    )
    // Versions of Node differ in which of the callbacks of `end` and the event comes first.
    t.strictSame(ours.toSorted(), theirs.toSorted(), how)
    const names = ours.map(call => call.split(' ', 1)[0])
    t.equal(names.at(-1), 'close', how)
    t.ok(names.lastIndexOf('write') < names.indexOf('finish'), how)
  }
})
