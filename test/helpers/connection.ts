import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import type { Test } from 'tap'
import { certificate } from './certificate.js'
import { event } from './event.js'

interface To {
  host?: string
  isSecure?: boolean
}

/** A connection of HTTP/1.1 on which a test writes each byte itself. */
export interface Connection {
  send(text: string): void
  /** Takes the next complete answer. */
  answer(): Promise<string>
  /** Takes all up to what matches. */
  until(pattern: RegExp): Promise<string>
  /** What was not taken, when there is no more to come. */
  closed: Promise<string>
}

/** A request without a body, which leaves it to the server whether to keep the connection. */
export function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
}

/** Connects to a port, for the time of a test. */
export async function connection(
  t: Test,
  port: number,
  { host = '127.0.0.1', isSecure = false }: To = {}
): Promise<Connection> {
  const socket = isSecure
    ? connectTls({ port, host, ca: certificate().cert })
    : connectTcp(port, host)
  t.teardown(() => void socket.destroy())
  // How a connection has ended is told by what came before.
  socket.on('error', () => {})
  const closed = event<string>('the end of the connection', 20_000)
  let received = ''
  let look = (): void => {}
  socket.setEncoding('latin1').on('data', text => {
    received += text
    look()
  })
  socket.once('close', () => closed.happen(received))

  async function taken(lengthOf: () => number | undefined): Promise<string> {
    const found = event<number>('what a test waits for on a connection')
    look = () => {
      const length = lengthOf()
      if (length !== undefined) found.happen(length)
    }
    look()
    const length = await found.happened.finally(() => {
      look = () => {}
    })
    const text = received.slice(0, length)
    received = received.slice(length)
    return text
  }

  await once(socket, isSecure ? 'secureConnect' : 'connect')
  return {
    send: text => void socket.write(text, 'latin1'),
    answer: () => taken(() => lengthOfAnswer(received)),
    until: pattern =>
      taken(() => {
        const match = pattern.exec(received)
        return match ? match.index + match[0].length : undefined
      }),
    closed: closed.happened
  }
}

/** Of the first answer in a text, when all of it is there. */
function lengthOfAnswer(text: string): number | undefined {
  const body = text.indexOf('\r\n\r\n') + 4
  if (body < 4) return undefined
  const [, length] = /^content-length: (\d+)\r$/im.exec(text.slice(0, body)) ?? []
  // The last chunk may follow the head.
  const last = text.indexOf('\r\n0\r\n\r\n', body - 2)
  if (length === undefined) return last < 0 ? undefined : last + 7
  const end = body + Number(length)
  return text.length < end ? undefined : end
}

/** The latter when the end of listening comes in between. */
const REFUSALS = ['ECONNREFUSED', 'ECONNRESET']

/** Whether nobody listens on a port. */
export async function isRefused(port: number, host = '127.0.0.1'): Promise<boolean> {
  const socket = connectTcp(port, host)
  try {
    await once(socket, 'connect')
    return false
  } catch (error) {
    if (REFUSALS.includes(String((error as NodeJS.ErrnoException).code))) return true
    throw error
  } finally {
    socket.destroy()
  }
}

/** Resolves once nobody listens on a port any more. */
export async function refused(port: number, host?: string): Promise<void> {
  await until(`a connection refused by ${port}`, () => isRefused(port, host))
}

/** Resolves once something holds that nothing tells of; rejects when it never does. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  bound = 10_000
): Promise<void> {
  const end = Date.now() + bound
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what} did not come`)
    await delay(5)
  }
}

/** Calls `close()`, which has to resolve long before `keepAliveTimeout` and `closeTimeout`. */
export function closeSoon(fastify: { close(): PromiseLike<unknown> }): Promise<void> {
  const closed = event('the end of close()', 5_000)
  fastify.close().then(() => closed.happen())
  return closed.happened
}
