import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Nginx } from './nginx.js'
import { startRedis } from './redis.js'
import { makeRelease } from './release.js'
import { ServerProcess } from './server-process.js'

const PROCESSES = 4
const HEALTH_INTERVAL_MS = 250
const REDIS_STOP_BOUND_MS = 5_000
/** Of how many deployments pages may be open. */
const KEPT_DEPLOYMENTS = 3

/** Several processes of an app, with nginx in front of them and Redis behind. */
export class Cluster {
  /** Resolves to an error when the cluster can't go on. */
  broken
  #break
  #app
  #port
  #state
  #actionsKey = process.env.NEXT_SERVER_ACTIONS_ENCRYPTION_KEY ?? randomKey()
  #releases = []
  #processes = []
  #build
  #redis
  #nginx
  #isStopping = false
  #deploying = Promise.resolve()

  /** nginx listens on `port`, the processes on the next ones, and Redis on the one behind. */
  constructor({ app, port }) {
    this.#app = app
    this.#port = port
    this.broken = new Promise(resolve => {
      this.#break = problem => this.#isStopping || resolve(new Error(problem))
    })
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`
  }

  async start() {
    this.#state = await mkdtemp(join(this.#app, '.cluster-'))
    const redisPort = this.#port + PROCESSES + 1
    this.#redis = await startRedis(this.#state, redisPort)
    this.#redis.ended.then(() => this.#break(this.#redis.ending))
    const release = await this.#makeRelease()
    const env = {
      DRAIN_DELAY: '1000',
      SESSION_SECRET: randomKey(),
      LOG_LEVEL: 'warn',
      ...process.env,
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      TRUST_PROXY: 'loopback',
      REDIS_URL: `redis://127.0.0.1:${redisPort}`
    }
    for (let count = 1; count <= PROCESSES; count++) {
      this.#processes.push(new ServerProcess(this.#port + count, env))
    }
    await Promise.all(this.#processes.map(process => process.start(release)))
    this.#nginx = new Nginx(this.#state, this.#port)
    await this.#nginx.start(this.#servers())
    this.#nginx.ended.then(this.#break)
    this.#watch()
  }

  /** Builds the app anew, and replaces the processes one by one. */
  deploy() {
    this.#deploying = this.#deploying.catch(() => {}).then(() => this.#deploy())
    return this.#deploying
  }

  /** First what asks, then what is asked. */
  async stop() {
    this.#isStopping = true
    await this.#nginx?.stop()
    await this.#build?.stop('SIGTERM', 0)
    await Promise.all(this.#processes.map(process => process.stop()))
    await this.#redis?.stop('SIGTERM', REDIS_STOP_BOUND_MS)
    if (this.#state) await rm(this.#state, { force: true, maxRetries: 5, recursive: true })
  }

  async #deploy() {
    const release = await this.#makeRelease()
    console.log(`Deployment ${release.deployment} is built`)
    for (const process of this.#processes) {
      if (this.#isStopping) return
      await this.#replace(process, release)
    }
    this.#tellNginx()
    await this.#forgetOldReleases()
    console.log(`Deployment ${release.deployment} is in place`)
  }

  /**
   * It stops when it has answered, so nginx is told first: of the one before, too. A reload closes
   * connections that clients keep, so there is one only.
   */
  async #replace(process, release) {
    const before = process.release
    process.leave()
    this.#tellNginx()
    await process.stop()
    try {
      await process.start(release)
    } catch (error) {
      await process.stop()
      if (!this.#isStopping) await process.start(before)
      throw error
    }
    console.log(`${process} has taken over`)
  }

  async #watch() {
    while (!this.#isStopping) {
      await Promise.all(this.#processes.map(process => process.look()))
      if (!this.#isStopping) this.#tellNginx()
      await delay(HEALTH_INTERVAL_MS)
    }
  }

  #tellNginx() {
    this.#nginx.use(this.#servers())
  }

  /** Those that are ready; where none is, nginx may find out for itself. */
  #servers() {
    const ready = this.#processes.filter(({ isReady }) => isReady)
    return (ready.length > 0 ? ready : this.#processes).map(({ port, release }) => ({
      port,
      deployment: release.deployment
    }))
  }

  async #makeRelease() {
    const release = await makeRelease({
      app: this.#app,
      state: this.#state,
      actionsKey: this.#actionsKey,
      previous: this.#releases.at(-1),
      onStart: program => {
        this.#build = program
      }
    })
    this.#releases.push(release)
    return release
  }

  async #forgetOldReleases() {
    const old = this.#releases.splice(0, Math.max(0, this.#releases.length - KEPT_DEPLOYMENTS))
    for (const { dir, files } of old) {
      await rm(dir, { force: true, recursive: true })
      await rm(files, { force: true, recursive: true })
    }
  }
}

function randomKey() {
  return randomBytes(32).toString('base64')
}
