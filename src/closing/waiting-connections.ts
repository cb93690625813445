import type { Server } from 'node:net'
import { setImmediate } from 'node:timers/promises'

/** How many connections wait at most, by Node's default. */
const BACKLOG = 511

/**
 * Has servers accept the connections that wait for it, which are reset when they stop listening. In a
 * turn of the event loop libuv takes but one (libuv#3696), so many wait where turns are long.
 */
export async function acceptWaiting(servers: readonly Server[]): Promise<void> {
  let hasAccepted = true
  const note = (): void => {
    hasAccepted = true
  }
  for (const server of servers) server.on('connection', note)
  // The turn that goes on may be over with accepting.
  await setImmediate()
  for (let turn = 0; hasAccepted && turn < BACKLOG; turn++) {
    hasAccepted = false
    await setImmediate()
  }
  for (const server of servers) server.off('connection', note)
}
