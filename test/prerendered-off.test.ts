import t from 'tap'
import { countAsked } from './helpers/asked.js'
import { startDevelopment } from './helpers/development.js'
import { editable } from './helpers/editable.js'
import { serveRemembering } from './helpers/from-memory.js'
import { keptLog } from './helpers/log.js'
import { serve } from './helpers/serve.js'
import { copyOfBuild } from './helpers/static-copy.js'

const PLAIN = { 'accept-encoding': 'identity' }
const NOTHING = { prerenderCache: false } as const
const PATHS = ['/path', '/automatic', '/data', '/_next/data/fresh/data.json', '/robots.txt']

t.test('with prerenderCache: false Next answers', async t => {
  const { see } = await serveRemembering(t, 'fresh', NOTHING)
  for (const path of PATHS) {
    for (let visit = 0; visit < 3; visit++) t.equal((await see(path, PLAIN)).source, 'Next', path)
  }
})

t.test('a page larger than all that may be kept is not', async t => {
  const { see } = await serveRemembering(t, 'fresh', { prerenderCache: { maxBytes: 1_000 } })
  for (let visit = 0; visit < 3; visit++) t.equal((await see('/path', PLAIN)).source, 'Next')
})

t.test('in development Next renders for each visit', async t => {
  const { dir } = await editable(t, 'fresh')
  const { url } = await startDevelopment(t, { plugin: { dir, dev: true } })
  const texts = new Set<string | undefined>()
  for (let visit = 0; visit < 3; visit++) {
    const answer = await fetch(`${url}/path`)
    t.equal(answer.status, 200)
    texts.add(/path \d+/.exec(await answer.text())?.[0])
  }
  t.equal(texts.size, 3)
})

t.test('where changes can not be seen, Next answers, and the log says so', async t => {
  for (const [fixture, path, reason, conf] of [
    ['cached', '/page', 'the app has a cache handler of its own', {}],
    ['same/international', '/static', 'its locales depend on the request', {}],
    ['fresh', '/path', 'cacheMaxMemorySize is 0', { cacheMaxMemorySize: 0 }]
  ] as const) {
    const log = keptLog()
    const { dir } = await copyOfBuild(t, fixture)
    const { port } = await serve(t, {
      options: { dir, conf },
      server: { logger: { level: 'info', ...log.logger } }
    })
    const lines = log.take().filter(({ msg }) => msg.startsWith('Prerendered pages are not'))
    t.equal(lines.length, 1, fixture)
    t.match(lines[0]?.msg, reason)
    const asked = countAsked(t)
    for (let visit = 1; visit <= 3; visit++) {
      await (await fetch(`http://127.0.0.1:${port}${path}`)).text()
      t.equal(asked(), visit, fixture)
    }
  }
})

t.test('where they can, the log says nothing', async t => {
  const log = keptLog()
  const { dir } = await copyOfBuild(t, 'fresh')
  for (const options of [{ dir }, { dir, ...NOTHING }]) {
    const { fastify } = await serve(t, {
      options,
      server: { logger: { level: 'info', ...log.logger } }
    })
    await fastify.close()
  }
  t.strictSame(
    log.take().filter(({ msg }) => msg.includes('rerendered')),
    []
  )
})
