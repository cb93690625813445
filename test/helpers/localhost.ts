import dns from 'node:dns'
import type { Test } from 'tap'

type Found = (error: Error | null, addresses: { address: string; family: number }[]) => void

/** Has `localhost` mean two addresses for the time of a test, as on most machines, but not on all. */
export function twoAddressesOfLocalhost(t: Test): void {
  const { lookup } = dns
  t.teardown(() => {
    dns.lookup = lookup
  })
  const addresses = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 }
  ]
  dns.lookup = ((...parameters: [host: string, options: { all?: boolean }, done: Found]) => {
    const [host, { all }, done] = parameters
    if (host === 'localhost' && all) process.nextTick(done, null, addresses)
    else Reflect.apply(lookup, dns, parameters)
  }) as typeof lookup
}
