import { setTimeout as sleep } from 'node:timers/promises'
import type { Check } from './check.js'
import type { Headers } from './variants.js'

/** What an app does to the pages that it keeps, seen by the next visitors. */
export async function renew(
  check: Check,
  pairs: readonly (readonly [page: string, renewal: string])[]
): Promise<void> {
  for (const [page, renewal] of pairs) {
    for (const path of [page, renewal, page, page]) {
      await check.request({ method: 'GET', path })
      await check.request({ method: 'GET', path, headers: { RSC: '1' } })
    }
    await check.request({ method: 'GET', path: renewal })
    await check.request({ method: 'HEAD', path: page })
    await check.request({ method: 'GET', path: page })
  }
}

/** A page that is renewed when it is older than 2 s: fresh, stale, and fresh again. */
export async function renewInTime(check: Check, path: string): Promise<void> {
  for (const pause of [0, 700, 2_800, 700]) {
    await sleep(pause)
    await check.request({ method: 'GET', path })
  }
}

/** The scripts and styles that a page asks for. */
export async function loadAssets(check: Check, page: string): Promise<void> {
  const { body } = await check.request({ method: 'GET', path: page })
  const paths = new Set(body.match(/\/[\w/-]*_next\/static\/[\w./~%-]+/g))
  for (const path of paths) {
    const { headers: lines } = await check.request({ method: 'GET', path })
    const etag = lines.find(line => line.startsWith('etag: '))?.slice(6) ?? '*'
    const sent: readonly Headers[] = [
      { 'If-None-Match': etag },
      { 'Accept-Encoding': 'gzip' },
      { 'Accept-Encoding': 'gzip', Range: 'bytes=5-10' },
      { Range: 'bytes=5-10', 'If-Range': etag },
      { 'If-Match': '"other"' }
    ]
    for (const headers of sent) {
      await check.request({ method: 'GET', path, headers })
      await check.request({ method: 'HEAD', path, headers })
    }
    await check.request({ method: 'POST', path })
    await check.request({ method: 'GET', path: `${path}/` })
    await check.request({ method: 'GET', path: `${path}%00.html` })
  }
}
