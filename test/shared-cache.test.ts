import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { builtFixture } from './helpers/fixture.js'
import { count } from './helpers/lane.js'
import { startRedis } from './helpers/redis.js'
import { type Sharing, source, startSharing } from './helpers/shared-cache.js'
import { copyOfBuild } from './helpers/static-copy.js'
import { until } from './helpers/until.js'

t.setTimeout(count(240_000, 1_800_000))

/** The README's bound is of a machine that does not do all else at the same time. */
const BOUND_MS = 1_000

type Renew = (sharing: Sharing) => Promise<unknown>

/** What is cached, and all that has it renewed. */
const CACHED: Record<string, [name: string, renew: Renew][]> = {
  '/path/built': [['revalidatePath()', of => of.renew({ path: '/path/built' })]],
  '/path/new': [['revalidatePath()', of => of.renew({ path: '/path/new' })]],
  '/route': [['revalidatePath()', of => of.renew({ path: '/route' })]],
  '/fetched': [
    ['revalidateTag()', of => of.renew({ tag: 'fetched' })],
    ['revalidateTag() with a profile', of => of.renew({ tag: 'fetched', profile: 'max' })],
    ['revalidatePath()', of => of.renew({ path: '/fetched' })]
  ],
  '/refetched': [['revalidateTag()', of => of.renew({ tag: 'refetched' })]],
  '/stored': [
    ['revalidateTag()', of => of.renew({ tag: 'stored' })],
    ['revalidatePath()', of => of.renew({ path: '/stored' })]
  ],
  '/used': [
    ['revalidateTag()', of => of.renew({ tag: 'used' })],
    ['updateTag()', of => act(of)]
  ],
  '/remote': [
    ['revalidateTag()', of => of.renew({ tag: 'remote' })],
    ['revalidateTag() with a profile', of => of.renew({ tag: 'remote', profile: 'max' })]
  ],
  '/legacy': [['res.revalidate()', of => fetch(`${of.url}/api/renew`)]]
}

/** Sends the form of a page as a browser without scripts does. */
async function act({ url }: Sharing): Promise<void> {
  const html = await (await fetch(`${url}/act`)).text()
  const [, name] = /name="(\$ACTION_ID_\w+)"/.exec(html) ?? []
  const body = new FormData()
  body.set(String(name), '')
  await fetch(`${url}/act`, { method: 'POST', body })
}

async function startTwo(t: Test, url: string) {
  const pages = await source(t)
  await builtFixture('shared')
  const [one, other] = await Promise.all([startSharing(t, pages, url), startSharing(t, pages, url)])
  return { pages, one, other }
}

t.test('a page that one process has rendered all others have', async t => {
  const { url } = await startRedis(t)
  const { one, other } = await startTwo(t, url)

  for (const path of Object.keys(CACHED)) {
    const first = await one.ask(path)
    t.match(first, { status: 200, cache: 'MISS', version: 0 }, path)
    for (const sharing of [other, one, other]) {
      t.match(await sharing.ask(path), { status: 200, cache: 'HIT', by: first.by }, path)
    }
  }
})

t.test('what one process has revalidated is renewed in all others', async t => {
  const { url } = await startRedis(t)
  const { pages, one, other } = await startTwo(t, url)
  const both = [one, other]

  for (const [path, ways] of Object.entries(CACHED)) {
    for (const [name, renew] of ways) {
      for (const [renewing, asked] of [[one, other] as const, [other, one] as const]) {
        // Twice: the second answer comes from memory.
        for (const sharing of [...both, ...both]) await sharing.ask(path)
        const version = await pages.next()
        await renew(renewing)
        const shown = await until(
          () => asked.ask(path),
          answer => answer.version === version,
          BOUND_MS
        )
        t.equal(shown.version, version, `${path} by ${name}, in the other process`)
        t.equal((await renewing.ask(path)).version, version, `${path} by ${name}`)
      }
    }
  }
})

t.test('data that dynamic pages have cached is renewed in all processes', async t => {
  const { url } = await startRedis(t)
  const { pages, one, other } = await startTwo(t, url)
  t.equal((await one.ask('/dynamic')).version, 0)
  await pages.next()
  t.equal((await other.ask('/dynamic')).version, 0, 'it is shared')
  await one.renew({ tag: 'used' })
  t.equal((await other.ask('/dynamic')).version, 1)
  await pages.next()
  await one.renew({ tag: 'used', profile: 'max' })
  t.equal((await other.ask('/dynamic')).version, 2)
  await pages.next()
  t.equal((await other.ask('/dynamic')).version, 2, 'it is kept again')
})

t.test('a page is renewed at its own age, by one process for all', async t => {
  const { url } = await startRedis(t)
  const { pages, one, other } = await startTwo(t, url)
  await one.ask('/aged')
  t.match(await other.ask('/aged'), { cache: 'HIT', version: 0 })
  const version = await pages.next()
  const [first, second] = await Promise.all(
    [one, other].map(sharing =>
      until(
        () => sharing.ask('/aged'),
        answer => answer.version === version
      )
    )
  )
  t.equal(first?.version, version)
  t.equal(second?.version, version)
})

t.test('whoever asks after the bound gets nothing that is out of date', async t => {
  const { url } = await startRedis(t)
  const { pages, one, other } = await startTwo(t, url)
  const random = numbersFrom(Number(process.env.SEED ?? 1))
  const paths = Object.keys(CACHED)
  const revalidated = new Map<string, number>()

  for (let step = 0; step < count(150, 5_000); step++) {
    const path = String(paths[random(paths.length)])
    const sharing = random(2) ? one : other
    if (random(4) === 0) {
      const version = await pages.next()
      const ways = CACHED[path] ?? []
      const [, renew] = ways[random(ways.length)] as [string, Renew]
      await renew(sharing)
      // In the process itself it shows at once, in the other one a little later.
      const asked = [sharing, sharing === one ? other : one][random(2)] as Sharing
      if (asked !== sharing) await heard(asked, path, version)
      t.ok((await asked.ask(path)).version >= version, `step ${step}: ${path}`)
      if (asked === sharing) await heard(sharing === one ? other : one, path, version)
      revalidated.set(path, version)
    } else {
      const { version } = await sharing.ask(path)
      t.ok(version >= (revalidated.get(path) ?? 0), `step ${step}: ${path}`)
    }
  }
})

async function heard(sharing: Sharing, path: string, version: number): Promise<void> {
  await until(
    () => sharing.ask(path),
    answer => answer.version >= version,
    BOUND_MS
  )
}

/** Lehmer's generator. */
function numbersFrom(seed: number): (limit: number) => number {
  let state = seed
  return limit => {
    state = (state * 48_271) % 2_147_483_647
    return state % limit
  }
}

t.test('another build beside has entries of its own, and hears what is revalidated', async t => {
  const { url, client } = await startRedis(t)
  const pages = await source(t)
  const one = await startSharing(t, pages, url)
  const { dir, root } = await copyOfBuild(t, 'shared')
  // With the same id.
  await appendFile(join(root, '..', 'build-manifest.json'), '\n')
  const other = await startSharing(t, pages, url, { dir })

  await one.ask('/stored')
  const first = await other.ask('/stored')
  t.match(first, { cache: 'MISS', version: 0 })
  t.match(await other.ask('/stored'), { cache: 'HIT', by: first.by })
  const version = await pages.next()
  await one.renew({ tag: 'stored' })
  for (const sharing of [one, other]) {
    const shown = await until(
      () => sharing.ask('/stored'),
      answer => answer.version === version,
      BOUND_MS
    )
    t.equal(shown.version, version)
  }
  const keys = await client.keys('fastify-next:*/stored')
  t.equal(keys.length, 2, 'each has its own')
})
