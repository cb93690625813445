import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** What a connection through the proxy meets. */
export type Fault = 'none' | 'cut' | 'silence' | 'rubbish' | 'slow'

const DELAY_MS = 5_000

/** A proxy in front of a port, whose connections meet a fault from when it is set on. */
export async function faultyProxy(t: Test, port: number) {
  let fault: Fault = 'none'
  const sockets = new Set<Socket>()
  let lateAnswers = 0
  const server = createServer(client => {
    const target = connect(port, '127.0.0.1')
    for (const socket of [client, target]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        target.destroy()
      })
    }
    if (fault === 'cut') client.destroy()
    client.on('data', data => void target.write(data))
    target.on('data', data => {
      if (fault === 'slow') {
        setTimeout(() => {
          client.write(data)
          lateAnswers++
        }, DELAY_MS).unref()
      }
      if (fault === 'rubbish') client.write('rubbish\r\n')
      else if (fault === 'none') client.write(data)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  t.teardown(() => {
    endAll()
    server.close()
  })
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** How many answers were slow, and have come. */
    lateAnswers: () => lateAnswers,
    set(next: Fault): void {
      // Connections that have been silent have lost what was said on them.
      if (next === 'cut' || fault === 'silence') endAll()
      fault = next
    }
  }
}
