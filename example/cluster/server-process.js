import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startProgram, until } from './programs.js'

/** More than `drainDelay` and `closeTimeout` together, in ms. */
const STOP_BOUND_MS = 30_000
const RESTART_DELAY_MS = 1_000
const HEALTH_BOUND_MS = 2_000

/** The server of a release on one port, which is started again when it ends by itself. */
export class ServerProcess {
  isReady = false
  #env
  #program
  #isWanted = false

  constructor(port, env) {
    this.port = port
    this.#env = env
  }

  /** Resolves when it is ready for requests. */
  async start(release) {
    this.release = release
    this.#isWanted = true
    this.#spawn()
    await until(this.#program, () => this.look())
  }

  /** It goes on, and is not ready any more. */
  leave() {
    this.#isWanted = false
    this.isReady = false
  }

  /** Resolves when it has answered what it was asked, and has ended. */
  async stop() {
    this.leave()
    await this.#program?.stop('SIGTERM', STOP_BOUND_MS)
  }

  /** Asks for its health, and resolves to whether requests may be sent to it. */
  async look() {
    const program = this.#program
    const isReady = await askForHealth(this.port)
    // It may have been stopped meanwhile.
    const isCurrent = this.#isWanted && program === this.#program && !program.ending
    this.isReady = isCurrent && (isReady ?? this.isReady)
    return this.isReady
  }

  toString() {
    return `Process ${this.#program.pid} on port ${this.port}, deployment ${this.release.deployment}`
  }

  #spawn() {
    const { dir, deployment } = this.release
    const env = { ...this.#env, PORT: String(this.port), NEXT_DEPLOYMENT_ID: deployment }
    const program = startProgram(process.execPath, [join(dir, 'server.js')], { env })
    this.#program = program
    program.ended.then(async () => {
      this.isReady = false
      if (!this.#isWanted) return
      console.error(`${program.ending}, and is started again`)
      await delay(RESTART_DELAY_MS)
      if (this.#isWanted && this.#program === program) this.#spawn()
    })
  }
}

/**
 * Resolves to nothing when there is no answer in time: to take a slow process away would leave its work to
 * the others, which are no faster.
 */
async function askForHealth(port) {
  try {
    const signal = AbortSignal.timeout(HEALTH_BOUND_MS)
    const { ok } = await fetch(`http://127.0.0.1:${port}/health`, { signal })
    return ok
  } catch (error) {
    return error.name === 'TimeoutError' ? undefined : false
  }
}
