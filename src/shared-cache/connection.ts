import { randomUUID } from 'node:crypto'
import type { Redis, RedisOptions } from 'ioredis'

/** Who is told what comes in, and whether anything can. */
export interface ConnectionListener {
  message(text: string): void
  /** From here on what others say is heard: what they have said before may not have been. */
  up(): void
  /** What others say may not be heard any more. */
  down(reason: string): void
}

const BEAT_INTERVAL_MS = 1_000
/** As old as the last sign of life may be. */
const BEAT_LIMIT_MS = 2_000

const OPTIONS: RedisOptions = {
  lazyConnect: true,
  // A page does not wait for Redis to come back: it is rendered.
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  connectTimeout: 2_000,
  commandTimeout: 1_000,
  enableAutoPipelining: true,
  autoResubscribe: false,
  retryStrategy: attempts => Math.min(attempts * 100, 1_000)
}

/**
 * One connection to Redis for commands and one for messages. It is up for as long as the process hears
 * itself through both: a connection may have died without a word, and Redis may be too slow to be of use.
 */
export class Connection {
  readonly commands: Redis
  readonly #subscriber: Redis
  readonly #channel: string
  readonly #own = `fastify-next:process:${randomUUID()}`
  readonly #listener: ConnectionListener
  #timer: NodeJS.Timeout | undefined
  #heardAt = Number.NEGATIVE_INFINITY
  #isUp = false
  #reason = 'there is no answer'

  constructor(Client: typeof Redis, url: string, listener: ConnectionListener) {
    this.#listener = listener
    this.commands = new Client(url, OPTIONS)
    // Redis has its databases share all channels.
    this.#channel = `fastify-next:${this.commands.options.db ?? 0}`
    this.#subscriber = new Client(url, { ...OPTIONS, enableAutoPipelining: false })
    for (const client of [this.commands, this.#subscriber]) {
      client.on('error', this.#remember)
      client.on('close', this.#fall)
      client.on('ready', this.#begin)
    }
    this.#subscriber.on('message', this.#hear)
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** Why it is not up. */
  get reason(): string {
    return this.#reason
  }

  /** Connects in the background, and stays so until `close()`. */
  open(): void {
    // Why it fails is told to the listener, each time.
    this.commands.connect().catch(() => {})
    this.#subscriber.connect().catch(() => {})
    this.#timer = setInterval(this.#beat, BEAT_INTERVAL_MS)
  }

  /** Says something to all processes, this one included. */
  async publish(text: string): Promise<void> {
    await this.commands.publish(this.#channel, text)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#isUp = false
    for (const client of [this.commands, this.#subscriber]) {
      client.off('close', this.#fall)
      client.disconnect()
    }
  }

  readonly #remember = (error: Error): void => {
    this.#reason = error.message || ('code' in error && String(error.code)) || error.name
  }

  readonly #begin = async (): Promise<void> => {
    if (this.commands.status !== 'ready' || this.#subscriber.status !== 'ready') return
    try {
      await this.#subscriber.subscribe(this.#channel, this.#own)
      await this.#say()
    } catch (error) {
      this.#remember(error as Error)
    }
  }

  readonly #beat = (): void => {
    if (this.#subscriber.mode === 'subscriber') this.#say().catch(this.#remember)
    else void this.#begin()
    // What has come in while the process was busy is read first.
    setImmediate(() => {
      if (performance.now() - this.#heardAt > BEAT_LIMIT_MS) this.#fall()
    })
  }

  async #say(): Promise<void> {
    await this.commands.publish(this.#own, String(performance.now()))
  }

  readonly #hear = (channel: string, text: string): void => {
    if (channel === this.#channel) {
      this.#listener.message(text)
      return
    }
    // One that has been under way for long says that it takes long.
    if (!(performance.now() - Number(text) < BEAT_LIMIT_MS)) return
    this.#heardAt = performance.now()
    if (this.#isUp) return
    this.#isUp = true
    this.#listener.up()
  }

  readonly #fall = (): void => {
    if (!this.#isUp) return
    this.#isUp = false
    this.#listener.down(this.#reason)
  }
}
