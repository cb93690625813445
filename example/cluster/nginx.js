import { renameSync, writeFileSync } from 'node:fs'
import { copyFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { startProgram, until } from './programs.js'
import { upstreams } from './upstreams.js'

/** Where Debian has it, which is not in everybody's PATH. */
const PATH = `${process.env.PATH}:/usr/sbin`
const QUIT_BOUND_MS = 10_000

/** An nginx with the nginx.conf of this directory, in front of the servers that it is told of. */
export class Nginx {
  #dir
  #port
  #program
  #upstreams

  constructor(dir, port) {
    this.#dir = dir
    this.#port = port
  }

  get ended() {
    return this.#program.ended.then(() => this.#program.ending)
  }

  /** Resolves when it has answered. */
  async start(servers) {
    await copyFile(join(import.meta.dirname, 'nginx.conf'), join(this.#dir, 'nginx.conf'))
    await writeFile(join(this.#dir, 'listen.conf'), `listen 127.0.0.1:${this.#port};\n`)
    this.#write(upstreams(servers))
    const directives = ['daemon off;']
    // Workers of a root would be somebody else, who may not be let into this directory.
    if (process.getuid() === 0) directives.push(`user ${userInfo().username};`)
    const args = ['-p', `${this.#dir}/`, '-c', join(this.#dir, 'nginx.conf'), '-e', 'stderr']
    this.#program = startProgram('nginx', [...args, '-g', directives.join(' ')], {
      env: { ...process.env, PATH }
    })
    await until(this.#program, () => this.#answers())
  }

  /** Sends requests to these servers from now on; what others have begun, they end. */
  use(servers) {
    const text = upstreams(servers)
    if (text === this.#upstreams) return
    this.#write(text)
    this.#program.signal('SIGHUP')
  }

  /** Resolves when it has passed on what was under way. */
  async stop() {
    await this.#program?.stop('SIGQUIT', QUIT_BOUND_MS)
  }

  /** At once, so that nginx never reads a part, and a later call never comes first. */
  #write(text) {
    this.#upstreams = text
    const path = join(this.#dir, 'upstream.conf')
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  }

  async #answers() {
    try {
      const { ok } = await fetch(`http://127.0.0.1:${this.#port}/health`)
      return ok
    } catch {
      return false
    }
  }
}
