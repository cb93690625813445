import t, { type Test } from 'tap'
import { type Remembering, rememberingIn, serveRemembering } from './helpers/from-memory.js'
import { setGlobal } from './helpers/globals.js'
import { copyOfBuild } from './helpers/static-copy.js'
import { until } from './helpers/twins.js'

const PLAIN = { 'accept-encoding': 'identity' }
/** Those which the build has counted are far below. */
const RENDERS = 1_000

/** The apps of a process count their renders together. */
function countRenders(t: Test): void {
  setGlobal(t, 'renders', { path: RENDERS, 'tagged one': RENDERS, 'tagged two': RENDERS })
}

const textOf = ({ body }: { body: Buffer }) => /<p>.*<\/p>/.exec(String(body))?.[0]

async function textIn(
  { see, warm }: Remembering,
  path: string
): Promise<{ source: string; text: string | undefined }> {
  await warm(path, PLAIN)
  const answer = await see(path, PLAIN)
  return { source: answer.source, text: textOf(answer) }
}

/** Asks until a page that is renewed in the background is there. */
async function renewed({ load }: Remembering, path: string, before: string | undefined) {
  return until(async () => {
    const text = textOf(await load(path, PLAIN))
    return text === before ? undefined : text
  })
}

t.test('two apps with the same paths have pages of their own', async t => {
  countRenders(t)
  const one = await serveRemembering(t, 'fresh')
  const two = await serveRemembering(t, 'fresh')
  for (const [path, renewal] of [
    ['/path', '/renew?path=/path'],
    ['/tagged/one', '/renew?tag=one&expire=0'],
    ['/tagged/two', '/renew?tag=two'],
    ['/tagged/two', '/renew?path=/&type=layout']
  ] as const) {
    for (const [renewing, other] of [
      [one, two],
      [two, one]
    ] as const) {
      const before = await textIn(renewing, path)
      const kept = await textIn(other, path)
      t.strictSame([before.source, kept.source], ['memory', 'memory'], renewal)
      await renewing.load(renewal)
      t.strictSame(await other.see(path, PLAIN).then(textOf), kept.text)
      const text = await renewed(renewing, path, before.text)
      t.not(text, kept.text)
      t.strictSame(await textIn(renewing, path), { source: 'memory', text }, renewal)
      const { source, ...answer } = await other.see(path, PLAIN)
      t.strictSame({ source, text: textOf(answer) }, kept, 'the other app has what it had')
    }
  }
})

t.test('an app goes on answering from memory when another one is closed', async t => {
  countRenders(t)
  const one = await serveRemembering(t, 'fresh')
  const two = await serveRemembering(t, 'fresh')
  const { text } = await textIn(two, '/path')
  await textIn(one, '/path')
  await one.fastify.close()
  t.strictSame(await textIn(two, '/path'), { source: 'memory', text })
  await two.load('/renew?path=/path')
  t.not(await renewed(two, '/path', text), text)
})

t.test('two servers of one app see what either of them renews', async t => {
  countRenders(t)
  const { dir } = await copyOfBuild(t, 'fresh')
  const one = await rememberingIn(t, dir)
  const two = await rememberingIn(t, dir)
  for (const [renewing, other] of [
    [one, two],
    [two, one]
  ] as const) {
    const before = await textIn(renewing, '/path')
    t.equal(before.source, 'memory')
    t.strictSame(await textIn(other, '/path'), before)
    await renewing.load('/renew?path=/path')
    const { source, ...answer } = await other.see('/path', PLAIN)
    t.equal(source, 'Next')
    t.not(textOf(answer), before.text)
    t.strictSame(await textIn(renewing, '/path'), { source: 'memory', text: textOf(answer) })
  }
  const { text } = await textIn(two, '/path')
  await one.fastify.close()
  t.strictSame(await textIn(two, '/path'), { source: 'memory', text })
  await two.load('/renew?path=/path')
  const { source, ...answer } = await two.see('/path', PLAIN)
  t.equal(source, 'Next')
  t.not(textOf(answer), text)
})

/** Has the clocks of this process go on by so many ms at each call. */
function moveClocks(t: Test): (ms: number) => void {
  const { now } = Date
  const { now: elapsed } = performance
  let ahead = 0
  Date.now = () => now() + ahead
  performance.now = () => elapsed.call(performance) + ahead
  t.teardown(() => {
    Date.now = now
    performance.now = elapsed
  })
  return ms => {
    ahead += ms
  }
}

t.test('an app that is started again has the deadlines of its tags', async t => {
  countRenders(t)
  const wait = moveClocks(t)
  const seen: Record<string, unknown[]> = {}
  for (const [name, options] of [
    ['memory', {}],
    ['Next', { prerenderCache: false }]
  ] as const) {
    const { dir } = await copyOfBuild(t, 'fresh')
    const first = await rememberingIn(t, dir, options)
    const { text } = await textIn(first, '/tagged/one')
    await first.load('/renew?tag=one&expire=100')
    const second = await renewed(first, '/tagged/one', text)
    await first.fastify.close()

    const again = await rememberingIn(t, dir, options)
    const started = await textIn(again, '/tagged/one')
    t.equal(started.source, name)
    wait(50_000)
    const within = await textIn(again, '/tagged/one')
    t.equal(within.source, name)
    wait(51_000)
    const { source, ...answer } = await again.see('/tagged/one', PLAIN)
    const past = textOf(answer)
    const texts = [text, second, started.text, within.text, past]
    const last = await textIn(again, '/tagged/one')
    t.strictSame(last, { source: name, text: last.text })
    seen[name] = texts.map(text => texts.indexOf(text))
    t.equal(source, past === within.text ? name : 'Next')
    await again.fastify.close()
  }
  t.strictSame(seen.memory, seen.Next, 'pages change when they do without')
  t.strictSame(seen.Next, [0, 1, 1, 1, 4], 'Next has the page renewed past the deadline')
})
