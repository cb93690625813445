import { once } from 'node:events'
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { FastifyNextOptions } from '../../src/index.js'
import { builtFixture, fixturePath } from './fixture.js'
import { serve } from './serve.js'

const BOUND = 20_000
let copies = 0

/** A copy of a fixture's build, for the time of a test, to which files of `static/` are added. */
export async function copyOfBuild(
  t: Test,
  fixture: string,
  files: Readonly<Record<string, string | Buffer>> = {}
): Promise<{ dir: string; root: string }> {
  const dir = fixturePath(`.static-${process.pid}-${copies++}`)
  t.teardown(() => rm(dir, { force: true, recursive: true }))
  const filter = (path: string) => !/[\\/]\.next[\\/](cache|dev)([\\/]|$)/.test(path)
  await cp(await builtFixture(fixture), dir, { filter, preserveTimestamps: true, recursive: true })
  const root = join(dir, '.next', 'static')
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(root, name, '..'), { recursive: true })
    await writeFile(join(root, name), content)
  }
  return { dir, root }
}

export interface Loaded {
  status: number | undefined
  headers: IncomingMessage['headers']
  body: Buffer
}

/** Loads a path with exactly these headers; the body stays as it was sent. */
export type Load = (
  path: string,
  headers?: Record<string, string>,
  method?: string
) => Promise<Loaded>

export async function serveDir(
  t: Test,
  dir: string,
  options?: FastifyNextOptions,
  before?: (fastify: FastifyInstance) => unknown
): Promise<{ fastify: FastifyInstance; load: Load; port: number }> {
  const { fastify, port } = await serve(t, {
    options: { dir, ...options },
    ...(before && { before })
  })
  const load: Load = async (path, headers = {}, method = 'GET') => {
    const outgoing = get({ host: '127.0.0.1', port, path, method, headers })
    const [incoming] = await once(outgoing, 'response', { signal: AbortSignal.timeout(BOUND) })
    const response = incoming as IncomingMessage
    const body = Buffer.concat(await response.toArray())
    return { status: response.statusCode, headers: response.headers, body }
  }
  return { fastify, load, port }
}

/** Loads until the answer has a coding. */
export async function loadCoded(load: Load, path: string, coding: string): Promise<Loaded> {
  const deadline = Date.now() + BOUND
  for (;;) {
    const answer = await load(path, { 'accept-encoding': coding })
    if (answer.headers['content-encoding'] === coding) return answer
    if (Date.now() > deadline) throw new Error(`There is no ${coding} of "${path}"`)
    await sleep(20)
  }
}
