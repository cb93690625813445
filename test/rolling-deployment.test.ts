import { appendFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { noBrowser } from './helpers/browser.js'
import { startCluster } from './helpers/cluster.js'
import { editable } from './helpers/editable.js'
import { count } from './helpers/lane.js'
import { Load } from './helpers/load.js'
import { openVisitor } from './helpers/open-visitor.js'
import { untilPrinted } from './helpers/printed.js'
import { buildPlugin } from './helpers/process.js'
import {
  type Answer,
  actionCall,
  Browser,
  filesOf,
  formPost,
  navigation,
  type OpenPage
} from './helpers/visits.js'

/** Requests a second. */
const RATE = count(100, 200)
/** Far more than wait for processes that keep up; those that can't would be asked for ever more. */
const MOST_WAITING = RATE
const DEPLOYMENTS = count(1, 4)
const PROCESSES = 4

// They share their machine with all that they ask.
t.setTimeout(count(240_000, 1_200_000))

await buildPlugin()

type Visit = (browser: Browser, page: OpenPage) => Promise<string | undefined>

/** Says what is wrong with an answer that has to be whole. */
function problemOf(what: string, { status, body }: Answer, whole: RegExp): string | undefined {
  if (status === 200 && whole.test(body)) return undefined
  return `${what}: ${status} ${body.slice(0, 300)}`
}

const visit =
  (name: string, whole: RegExp, what: (page: OpenPage) => Parameters<Browser['ask']>[0]): Visit =>
  async (browser, page) =>
    problemOf(`${name} of a page of build ${page.build}`, await browser.ask(what(page)), whole)

let turn = 0
const oneOf = <Value>(values: readonly Value[]): Value => values[turn++ % values.length] as Value

/** What each request is, and what makes its answer a whole one. */
const VISITS: Readonly<Record<string, Visit>> = {
  page: visit('document', /Home of build.*<\/html>$/s, () => ({ path: '/' })),
  dynamic: visit('dynamic document', /Dynamic of build.*<\/html>$/s, () => ({ path: '/dynamic' })),
  stream: visit('stream', /Slow part of build.*<\/html>$/s, () => ({ path: '/stream' })),
  file: visit('file', /./s, page => ({ path: oneOf(filesOf(page)) })),
  navigation: visit('navigation', /Dynamic of build/, page => navigation(page, '/dynamic')),
  action: visit('action', /says build \w+/, page => actionCall(page)),
  form: visit('form', /Hello.*Ada.*says build.*<\/html>$/s, page => formPost(page)),
  answer: visit('answer', /^\{"build":"\w+"\}$/, () => ({ path: '/answer' })),
  posted: visit('posted answer', /"received":\{"n":1\}/, () => ({
    path: '/answer',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"n":1}'
  })),
  data: visit('data', /"build":"\w+"/, ({ deployment }) => ({
    path: '/_next/data/build-TfctsWXpff2fKS/legacy.json',
    headers: { 'x-nextjs-data': '1', 'x-deployment-id': deployment }
  }))
}

/** One load, by pages of which some are of the first build and some as new as can be. */
async function visits(t: Test, url: string) {
  const browser = new Browser(url)
  t.teardown(() => browser.close())
  const first = [await browser.open('/'), await browser.open('/dynamic')]
  let latest = first
  const problems: string[] = []
  const counts: Record<string, number> = {}
  const pending = new Set<Promise<void>>()
  const load = new Load(RATE, Object.keys(VISITS), name => {
    if (pending.size >= MOST_WAITING) return
    const page = oneOf([...first, ...latest])
    const ended = VISITS[name]?.(browser, page)
      .catch((error: Error) => `${name}: ${error.message}`)
      .then(problem => {
        pending.delete(ended as Promise<void>)
        counts[name] = (counts[name] ?? 0) + 1
        if (problem) problems.push(problem)
      })
    pending.add(ended as Promise<void>)
  })
  t.teardown(() => load.stop())
  return {
    browser,
    first,
    problems,
    counts,
    load,
    /** Pages that are opened now are those of newcomers. */
    async renew() {
      latest = [await browser.open('/'), await browser.open('/dynamic')]
      return latest
    },
    async stop() {
      load.stop()
      await Promise.all(pending)
    }
  }
}

t.test('a new build takes over under load', async t => {
  const app = await editable(t, 'rolling')
  const cluster = await startCluster(t, app.dir)
  const takenOver = () => cluster.output().match(/has taken over$/gm)?.length ?? 0
  const visitor = noBrowser ? undefined : await openVisitor(t, cluster.url)
  await rename(join(app.dir, 'app', '_added'), join(app.dir, 'app', 'added'))
  let build = 'one'

  for (let deployment = 1; deployment <= DEPLOYMENTS; deployment++) {
    const before = takenOver()
    const replaced = () => takenOver() - before
    // The last one of the build before leaves when the last but one is replaced.
    const isAmid = () => replaced() > 0 && replaced() < PROCESSES - 1
    const next = build === 'one' ? 'two' : 'one'
    for (const file of ['app/build.js', 'app/late.jsx']) {
      await app.edit(file, `'${build}'`, `'${next}'`)
    }
    await appendFile(join(app.dir, 'app', 'picture.png'), next)
    cluster.deploy()
    await untilPrinted(cluster, new RegExp(`(is built[^]*){${deployment}}`))

    const { browser, counts, first, load, problems, renew, stop } = await visits(t, cluster.url)
    while (replaced() < PROCESSES) {
      await renew()
      if (deployment === 1 && isAmid()) await visitor?.goesOn(t, isAmid)
      await load.more(RATE / 4)
    }
    await untilPrinted(cluster, new RegExp(`(is in place[^]*){${deployment}}`))
    if (deployment === 1) await visitor?.isLedToNewBuild(t)
    await renew()
    await load.more(RATE)
    await stop()

    t.comment({ ...counts, repeated: browser.repeated })
    t.strictSame([...new Set(problems)].slice(0, 10), [])
    t.equal(problems.length, 0, 'no request has failed')
    for (const path of first.flatMap(filesOf)) {
      const { status, body } = await browser.ask({ path })
      t.ok(status === 200 && body.length > 0, `${path}: ${status}`)
    }
    const { build: now } = await browser.open('/dynamic')
    t.strictSame([first[0]?.build, now], [build, next])
    build = next
  }
})
