import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const nextBin = require.resolve('next/dist/bin/next')
const env = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' }
/** Linux counts the times of a process in these, 100 a second. */
const TICK_MS = 10

/** A server under test: a process, and the port it answers on. */
class Server {
  #child

  constructor(name, port, args) {
    this.name = name
    this.port = port
    this.#child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  }

  async listening() {
    for (let attempt = 0; attempt < 200; attempt++) {
      if (this.#child.exitCode !== null) throw new Error(`${this.name} has ended`)
      const up = await fetch(`http://127.0.0.1:${this.port}/`).catch(() => undefined)
      await up?.arrayBuffer()
      if (up) return
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    throw new Error(`${this.name} does not listen`)
  }

  /** User and system time of the process so far, in ms. */
  cpuTime() {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS
  }

  /** Resident memory, in bytes. */
  memory() {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) * 1024
  }

  async stop() {
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }
}

/** The app in `dir`, served by the script `<name>-server.mjs`. */
export function scriptServer(name, dir, port, ...args) {
  const script = fileURLToPath(new URL(`./${name}-server.mjs`, import.meta.url))
  return new Server(name, port, [script, dir, String(port), ...args])
}

/** The app in `dir`, served by `next start`. */
export function nextStart(dir, port) {
  const args = ['start', dir, '-p', String(port), '-H', '127.0.0.1']
  return new Server('next start', port, [nextBin, ...args])
}
