import { cp, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Test } from 'tap'
import { builtFixture, fixturePath } from '../helpers/fixture.js'
import { buildPlugin, repositoryPath, startServer } from '../helpers/process.js'

/** The ports of `next start` and of the plugin, which serve the same build. */
export interface Servers {
  next: number
  plugin: number
  /** With `clocks`: has the clocks of both go on by so many ms. */
  wait(ms: number): Promise<void>
}

export interface App {
  /** The fixture, below `same`. */
  name: string
  /** Another one than that below `same`. */
  fixture?: string
  /** Files that are too large for the repository, by their path in the app. */
  files?: Record<string, Buffer>
  /** What stands in the build for what is known at run time only, and that. */
  replace?: readonly [string, string]
  /** Whether Fastify believes `x-forwarded-*`, as Next does. */
  trustProxy?: boolean
  /** Where the clocks of both stand, in ms since 1970, until they are moved. */
  clocks?: number
}

/**
 * Starts both servers, each in a process of its own and with a copy of the build of its own, since
 * Next writes the pages that it renews into `.next`.
 */
export async function startBoth(t: Test, app: App): Promise<Servers> {
  const built = await builtFixture(app.fixture ?? join('same', app.name))
  const env = app.clocks === undefined ? {} : standingAt(app.clocks)
  await buildPlugin()
  const copies = fixturePath('.same', `${app.name}-${process.pid}`)
  t.teardown(() => rm(copies, { force: true, recursive: true }))
  const own = brief(t)
  const bin = repositoryPath('node_modules', 'next', 'dist', 'bin', 'next')
  const next = await startServer(own, bin, /- Local:\s+(http:\S+)/, {
    args: ['start', await copy(built, join(copies, 'next'), app), '-H', 'localhost', '-p', '0'],
    env
  })
  const options = {
    ...(process.env.FROM_MEMORY === 'no' && NOTHING_FROM_MEMORY),
    dev: false,
    dir: await copy(built, join(copies, 'plugin'), app)
  }
  const script = repositoryPath('test', 'processes', 'plain-server.mjs')
  const plugin = await startServer(own, script, /^Listening on (\S+)/m, {
    args: [JSON.stringify(options), JSON.stringify({ trustProxy: app.trustProxy ?? false })],
    env
  })
  return {
    next: Number(new URL(next.url).port),
    plugin: Number(new URL(plugin.url).port),
    async wait(ms) {
      for (const { output } of [next, plugin]) {
        const [, port] = /^Clock on (\d+)$/m.exec(output()) ?? []
        await (await fetch(`http://127.0.0.1:${port}/${ms}`)).text()
      }
    }
  }
}

const NOTHING_FROM_MEMORY = { staticAssets: false, prerenderCache: false }

function standingAt(time: number): NodeJS.ProcessEnv {
  const clock = pathToFileURL(repositoryPath('test', 'processes', 'clock.mjs'))
  return { CLOCK_AT: String(time), NODE_OPTIONS: `--import ${clock.href}` } as NodeJS.ProcessEnv
}

/** Pages that throw have the servers write thousands of lines. */
function brief(t: Test): Test {
  return {
    comment: (text: string) => t.comment(text.slice(0, 1_000)),
    passing: () => t.passing(),
    teardown: (clean: () => unknown) => t.teardown(clean)
  } as Test
}

async function copy(from: string, to: string, { files = {}, replace }: App): Promise<string> {
  const filter = (path: string) => !path.startsWith(join(from, '.next', 'cache') + sep)
  // `ETag` and `Last-Modified` of a file are made of its time.
  await cp(from, to, { filter, preserveTimestamps: true, recursive: true })
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(to, path, '..'), { recursive: true })
    await writeFile(join(to, path), content)
    await utimes(join(to, path), 1_700_000_000, 1_700_000_000)
  }
  if (replace) await replaceIn(join(to, '.next'), replace)
  return to
}

async function replaceIn(dir: string, [from, to]: readonly [string, string]): Promise<void> {
  for (const name of (await readdir(dir)).filter(name => name.endsWith('.json'))) {
    const text = await readFile(join(dir, name), 'utf8')
    if (text.includes(from)) await writeFile(join(dir, name), text.replaceAll(from, to))
  }
}
