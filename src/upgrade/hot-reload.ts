import type { Background } from '../background.js'
import type { NextServer } from '../next/server.js'
import type { Readiness } from '../readiness.js'
import type { OnUpgrade, Owner } from './gate.js'
import { refuse } from './refuse.js'
import type { Sockets } from './sockets.js'

interface Parts {
  next: NextServer
  readiness: Readiness
  background: Background
}

/** Hands the sockets of hot reloading to Next, as soon as it has started. */
export function hotReload(
  { next, readiness, background }: Parts,
  sockets: Sockets
): Pick<Owner, 'paths' | 'take'> {
  const { current, other } = next.hotReloadPaths
  const take: OnUpgrade = (request, socket, head) => {
    sockets.add(socket)
    // Next would look among the app's pages and rewrites for it.
    if (request.url?.split('?', 1)[0] !== current) {
      refuse(socket, 404)
      return
    }
    const upgrade = async (): Promise<void> => {
      if (socket.destroyed) return
      await next.upgrade(request, socket, head, status => refuse(socket, status))
    }
    readiness
      .wait()
      .then(
        () => background.run(upgrade),
        () => refuse(socket, 503)
      )
      .catch(() => socket.destroy())
  }
  return { paths: [current, other], take }
}
