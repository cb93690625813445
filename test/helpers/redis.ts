import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { Test } from 'tap'

/** Where nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** A Redis of its own, which keeps nothing on the disk, until the end of `t`. */
export async function startRedis(t: Test, args: string[] = [], port?: number) {
  const ownPort = port ?? (await freePort())
  const dir = await mkdtemp(join(tmpdir(), 'redis-'))
  const options = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', dir]
  const child = spawn('redis-server', ['--port', String(ownPort), ...options, ...args], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const kill = () => child.kill('SIGKILL')
  // tap ends a test that takes too long without its teardown.
  process.once('exit', kill)
  const exited = once(child, 'exit')
  const ready = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', () => reject(new Error('redis-server has ended')))
    child.stdout.on('data', text => String(text).includes('Ready to accept') && resolve())
  })
  await ready
  const url = `redis://127.0.0.1:${ownPort}`
  const client = new Redis(url)
  client.on('error', () => {})
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await exited
    process.off('exit', kill)
  }
  t.teardown(async () => {
    client.disconnect()
    await end('SIGKILL')
    await rm(dir, { recursive: true })
  })
  return { client, end, port: ownPort, url }
}
