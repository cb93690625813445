import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Test } from 'tap'
import { repositoryPath, startServer } from './process.js'

/** nginx, four processes and Redis have a port each. */
const PORTS = 6
const FIRST_PORT = 20_000
const LAST_PORT = 30_000
/** With a build, in ms. */
const START_BOUND = 120_000
const STOP_BOUND = 60_000

/** Starts an app by the command of the example's cluster, and stops all of it at the end of `t`. */
export async function startCluster(t: Test, app: string, env: NodeJS.ProcessEnv = {}) {
  const port = await freePorts()
  const server = await startServer(
    t,
    repositoryPath('example', 'cluster', 'start.js'),
    /^Cluster ready on (\S+)$/m,
    { args: [app], env: { PORT: String(port), ...env }, bound: START_BOUND }
  )
  const [, pid] = server.output().match(/kill -USR2 (\d+)/) ?? []
  // Before it is killed by the teardown of its start, as what it has started would go on.
  t.teardown(() => server.stop('SIGTERM', STOP_BOUND).catch(() => {}))
  return { ...server, port, pid: Number(pid), deploy: () => process.kill(Number(pid), 'SIGUSR2') }
}

/** The first of ports in a row on which nobody listens. */
async function freePorts(): Promise<number> {
  for (;;) {
    const first = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT))
    const ports = Array.from({ length: PORTS }, (_, index) => first + index)
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
