import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import { type Fault, faultyProxy } from './helpers/faulty-proxy.js'
import { builtFixture } from './helpers/fixture.js'
import { count } from './helpers/lane.js'
import { freePort, startRedis } from './helpers/redis.js'
import { type Sharing, source, startSharing } from './helpers/shared-cache.js'
import { until } from './helpers/until.js'

t.setTimeout(240_000)

/** In which a process has noticed that it does not hear the others any more, or hears them again. */
const NOTICED_MS = 8_000
const ALONE = /The cache is not shared until Redis can be relied on/g
const SHARED = /The cache is shared through Redis/g

/** What has an age, what has none, what a visitor has rendered, and what dynamic pages have cached. */
const PATHS = ['/aged', '/path/built', '/stored', '/fetched', '/used', '/dynamic', '/legacy']

async function startTwo(t: Test, url: string) {
  const pages = await source(t)
  await builtFixture('shared')
  const [one, other] = await Promise.all([startSharing(t, pages, url), startSharing(t, pages, url)])
  return { pages, one, other, both: [one, other] }
}

function times({ output }: Sharing, text: RegExp): number {
  return output().match(text)?.length ?? 0
}

/** Resolves when the processes have said so once more. */
async function said(t: Test, both: Sharing[], text: RegExp, before: number[]): Promise<void> {
  for (const [index, sharing] of both.entries()) {
    const is = await until(
      () => times(sharing, text),
      found => found > Number(before[index]),
      NOTICED_MS
    )
    t.ok(is > Number(before[index]), `it is said: ${text.source}`)
  }
}

/** Asks for all pages all the time, until `end()`, which resolves to what was not answered. */
function load(t: Test, all: readonly Sharing[]) {
  let isOver = false
  t.teardown(() => {
    isOver = true
  })
  const failures: unknown[] = []
  let answers = 0
  const ask = async (sharing: Sharing, path: string): Promise<void> => {
    while (!isOver) {
      try {
        const { status } = await sharing.ask(path)
        if (status !== 200) failures.push(`${path} ${status}`)
        answers++
      } catch (error) {
        failures.push(`${path} ${error}`)
      }
    }
  }
  const asking = all.flatMap(sharing => PATHS.map(path => ask(sharing, path)))
  return {
    async end() {
      isOver = true
      await Promise.all(asking)
      return { answers, failures }
    }
  }
}

/** What was revalidated while nobody could be told is out of date for nobody. */
async function revalidatedAlone(
  t: Test,
  { pages, one, other }: Awaited<ReturnType<typeof startTwo>>,
  restore: () => unknown
): Promise<void> {
  const both = [one, other]
  const before = both.map(sharing => times(sharing, SHARED))
  // Twice, so that it is kept if it may be.
  for (let round = 0; round < 2; round++) await other.ask('/path/built')
  const version = await pages.next()
  await one.renew({ path: '/path/built' })
  await one.renew({ tag: 'stored' })
  await one.renew({ tag: 'used' })
  const renewed = ['/path/built', '/stored', '/used', '/dynamic']
  for (const path of renewed) t.equal((await one.ask(path)).version, version, `${path}, alone`)
  // It has no age, so that nobody knows whether it is out of date.
  t.equal((await other.ask('/path/built')).version, version, 'what has no age is rendered')
  t.same(
    both.map(sharing => times(sharing, SHARED)),
    before,
    'it is relied on no sooner'
  )
  await restore()
  await said(t, both, SHARED, before)
  for (const path of renewed) {
    const shown = await until(
      () => other.ask(path),
      answer => answer.version === version,
      1_000
    )
    t.equal(shown.version, version, `${path} in the other process, when it is shared again`)
    t.equal((await one.ask(path)).version, version, `${path}, when it is shared again`)
  }
}

const FAULTS: Fault[] = ['cut', 'silence', 'rubbish', 'slow']

for (const fault of FAULTS) {
  t.test(`Redis behind a connection with the fault "${fault}"`, async t => {
    const redis = await startRedis(t)
    const proxy = await faultyProxy(t, redis.port)
    const processes = await startTwo(t, proxy.url)
    const { both } = processes
    for (const path of PATHS) for (const sharing of [...both, ...both]) await sharing.ask(path)

    const loaded = load(t, both)
    const before = both.map(sharing => times(sharing, ALONE))
    proxy.set(fault)
    await said(t, both, ALONE, before)
    const { answers, failures } = await loaded.end()
    t.same(failures, [], 'all pages go on')
    t.ok(answers > 0)
    if (fault === 'slow') await until(proxy.lateAnswers, late => late > 0)
    await revalidatedAlone(t, processes, () => proxy.set('none'))
  })
}

t.test('a process that is cut off alone', async t => {
  const redis = await startRedis(t)
  const proxy = await faultyProxy(t, redis.port)
  const pages = await source(t)
  const one = await startSharing(t, pages, redis.url)
  const other = await startSharing(t, pages, proxy.url)
  let version = 0

  // Twice: what it has for itself the first time is of no use the second time.
  for (let round = 0; round < 2; round++) {
    for (let times = 0; times < 2; times++) {
      t.equal((await other.ask('/used')).version, version)
    }
    const alone = [times(other, ALONE)]
    proxy.set('cut')
    await said(t, [other], ALONE, alone)
    const kept = await other.ask('/used')
    t.match(kept, { cache: 'HIT', version }, 'a page that has an age is used that long')
    await other.ask('/dynamic')
    version = await pages.next()
    await one.renew({ tag: 'used' })
    t.equal((await one.ask('/used')).version, version)

    const shared = [times(other, SHARED)]
    proxy.set('none')
    await said(t, [other], SHARED, shared)
    for (const path of ['/used', '/dynamic']) {
      t.equal((await other.ask(path)).version, version, `${path}, when it is shared again`)
    }
  }
})

t.test('Redis that is not there at the start, and comes later', async t => {
  const port = await freePort()
  const { pages, one, other, both } = await startTwo(t, `redis://127.0.0.1:${port}`)
  for (const sharing of both) t.equal(times(sharing, ALONE), 1)
  for (const path of PATHS) {
    for (const sharing of both) t.match(await sharing.ask(path), { status: 200, version: 0 }, path)
  }
  const again = await one.ask('/used')
  t.match(again, { cache: 'HIT' }, 'a process has a cache of its own meanwhile')
  const before = both.map(sharing => times(sharing, SHARED))
  await startRedis(t, [], port)
  await said(t, both, SHARED, before)
  await pages.next()
  const { by } = await one.ask('/stored')
  t.match(await other.ask('/stored'), { cache: 'HIT', by })
})

t.test('Redis that is killed under load and started again, with nothing in it', async t => {
  const redis = await startRedis(t)
  const processes = await startTwo(t, redis.url)
  const { both } = processes
  const loaded = load(t, both)
  const before = both.map(sharing => times(sharing, ALONE))
  await until(
    () => redis.client.dbsize(),
    size => size > PATHS.length
  )
  await redis.end('SIGKILL')
  await said(t, both, ALONE, before)
  const { answers, failures } = await loaded.end()
  t.same(failures, [])
  t.ok(answers > 0)
  await revalidatedAlone(t, processes, () => startRedis(t, [], redis.port))
})

t.test('Redis that is emptied', async t => {
  const { url, client } = await startRedis(t)
  const { pages, one, other, both } = await startTwo(t, url)
  const loaded = load(t, both)
  for (let round = 0; round < count(3, 50); round++) {
    await client.flushall()
    const version = await pages.next()
    await one.renew({ tag: 'stored' })
    const shown = await until(
      () => other.ask('/stored'),
      answer => answer.version === version,
      1_000
    )
    t.equal(shown.version, version)
  }
  t.same((await loaded.end()).failures, [])
})

t.test('Redis that is full', async t => {
  const { url, client } = await startRedis(t)
  const { pages, one, other, both } = await startTwo(t, url)
  for (const path of PATHS) for (const sharing of [...both, ...both]) await sharing.ask(path)
  await client.config('SET', 'maxmemory-policy', 'noeviction')
  await client.config('SET', 'maxmemory', '1')
  const loaded = load(t, both)
  const version = await pages.next()
  await one.renew({ path: '/path/built' })
  await one.renew({ tag: 'stored' })
  await one.renew({ tag: 'used' })
  for (const path of ['/path/built', '/stored', '/used', '/dynamic']) {
    for (const sharing of both) {
      const shown = await until(
        () => sharing.ask(path),
        answer => answer.version === version,
        1_000
      )
      t.equal(shown.version, version, path)
    }
  }
  const before = both.map(sharing => times(sharing, SHARED))
  await client.config('SET', 'maxmemory', '0')
  await said(t, [one], SHARED, before)
  t.same((await loaded.end()).failures, [])
  const { by } = await one.ask('/stored')
  const same = await until(
    () => other.ask('/stored'),
    answer => answer.by === by
  )
  t.equal(same.by, by, 'it is shared again')
})

t.test('entries and messages that are rubbish', async t => {
  const { url, client } = await startRedis(t)
  const { pages, one, other, both } = await startTwo(t, url)
  const rubbish = [
    '',
    'rubbish',
    '{}',
    '[]',
    'null',
    '{"value":{}}',
    '{"tags":[],"value":{"kind":"APP_PAGE"}}'
  ]
  for (const text of rubbish) {
    for (const path of PATHS) await one.ask(path)
    for (const key of await client.keys('fastify-next:*')) {
      if ((await client.type(key)) === 'string') await client.set(key, text)
    }
    await client.publish('fastify-next:0', text)
    for (const path of PATHS) {
      for (const sharing of both)
        t.match(await sharing.ask(path), { status: 200 }, `${path} ${text}`)
    }
  }
  const { by } = await one.ask('/stored')
  for (let times = 0; times < 2; times++) await other.ask('/stored')
  await client.flushall()
  t.match(await other.ask('/stored'), { cache: 'HIT', by }, 'from memory')
  await client.publish('fastify-next:0', 'rubbish')
  const anew = await until(
    () => other.ask('/stored'),
    answer => answer.by !== by,
    1_000
  )
  t.not(anew.by, by, 'what can not be read may have been about it')

  // Of another type than the one that is asked for.
  for (const key of await client.keys('fastify-next:*')) {
    await client.del(key)
    await client.lpush(key, 'rubbish')
  }
  await client.publish('fastify-next:0', '')
  for (const path of PATHS) {
    for (const sharing of both) t.match(await sharing.ask(path), { status: 200 }, `${path}, a list`)
  }
  await client.flushall()
  const version = await pages.next()
  await one.renew({ tag: 'stored' })
  t.equal((await one.ask('/stored')).version, version)
  const shown = await until(
    () => other.ask('/stored'),
    answer => answer.version === version,
    1_000
  )
  t.equal(shown.version, version)
})

t.test('what is no Redis', async t => {
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const sharing = await startSharing(t, await source(t), `redis://127.0.0.1:${port}`)
  for (const path of PATHS) t.match(await sharing.ask(path), { status: 200 }, path)
  t.match(sharing.output(), ALONE)
  t.same(await sharing.stop('SIGTERM'), { code: 0, signal: null }, 'it closes')
})

t.test('a process that is killed under load', async t => {
  const { url } = await startRedis(t)
  const { pages, one, other } = await startTwo(t, url)
  const loaded = load(t, [other])
  const strained = load(t, [one])
  await one.stop('SIGKILL')
  await strained.end()
  const version = await pages.next()
  await other.renew({ tag: 'stored' })
  t.equal((await other.ask('/stored')).version, version)
  t.same((await loaded.end()).failures, [])
})
