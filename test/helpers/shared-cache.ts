import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { FastifyNextOptions } from '../../src/index.js'
import { builtFixture } from './fixture.js'
import { buildPlugin, repositoryPath, startServer } from './process.js'

/** What all processes show a version of, as a file and as a server. */
export async function source(t: Test) {
  const dir = await mkdtemp(join(tmpdir(), 'source-'))
  const path = join(dir, 'version')
  let version = 0
  const server = createServer((_request, response) => response.end(String(version)))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const write = () => writeFile(path, String(version))
  await write()
  t.teardown(async () => {
    server.closeAllConnections()
    server.close()
    await rm(dir, { recursive: true })
  })
  const { port } = server.address() as AddressInfo
  return {
    env: { SOURCE: path, SOURCE_URL: `http://127.0.0.1:${port}` },
    /** Publishes another version, and resolves to it. */
    async next(): Promise<number> {
      version++
      await write()
      return version
    }
  }
}

export type Source = Awaited<ReturnType<typeof source>>

/** A process that serves the fixture. */
export async function startSharing(
  t: Test,
  { env }: Pick<Source, 'env'>,
  sharedCache: string | undefined,
  options: FastifyNextOptions = {}
) {
  const dir = options.dir ?? (await builtFixture('shared'))
  await buildPlugin()
  const script = repositoryPath('test', 'processes', 'server.mjs')
  const all = { dir, dev: false, closeTimeout: 500, sharedCache, ...options }
  const args = [JSON.stringify(all)]
  const server = await startServer(t, script, /^Listening on (\S+)/m, { args, env })
  return {
    ...server,
    ask: (path: string) => ask(server.url, path),
    /** Resolves to how many pages this process has rendered. */
    async renew(body: object): Promise<number> {
      const response = await fetch(`${server.url}/renew`, {
        method: 'POST',
        body: JSON.stringify(body)
      })
      return ((await response.json()) as { renders: number }).renders
    }
  }
}

export type Sharing = Awaited<ReturnType<typeof startSharing>>

/** What a page says. */
export interface Shown {
  status: number
  cache: string | null
  version: number
  /** Which process has rendered it. */
  by: string | undefined
}

async function ask(url: string, path: string): Promise<Shown> {
  const response = await fetch(url + path, { signal: AbortSignal.timeout(20_000) })
  const text = await response.text()
  const [, version, by] = /(?:&lt;|<)(\d+|built)(?:&gt;|>)(?: by (\d+))?/.exec(text) ?? []
  const cache = response.headers.get('x-nextjs-cache')
  return { status: response.status, cache, version: Number(version), by }
}
