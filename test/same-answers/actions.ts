import type { Check } from './check.js'
import { HOST } from './exchange.js'
import { type Headers, multipart } from './variants.js'

const CALLERS: readonly Headers[] = [
  {},
  { Origin: `http://${HOST}` },
  { Origin: 'http://evil.example' },
  { Origin: 'null' },
  { Origin: 'not an origin' },
  { Cookie: 'saved=before; user=1', 'Accept-Encoding': 'gzip' },
  { RSC: '1' },
  { 'User-Agent': 'Googlebot' },
  { Host: 'localhost:PORT', Origin: 'http://localhost:PORT' }
]

/** Calls the Server Actions of a page: as React does, and as a form without JavaScript. */
export async function callActions(
  check: Check,
  page: string,
  own: readonly Headers[] = []
): Promise<void> {
  const { body: html } = await check.request({ method: 'GET', path: page })
  const ids = [...html.matchAll(/\$ACTION_ID_(\w+)/g)].map(([, id]) => String(id))
  for (const id of new Set(ids)) {
    const call = { Accept: 'text/x-component', 'Next-Action': id }
    const form = multipart({ [`$ACTION_ID_${id}`]: '', name: 'größe' })
    const argument = multipart({ '1_name': 'value', '0': '["$K1"]' })
    for (const headers of [...CALLERS, ...own]) {
      for (const { headers: ofBody, body = '' } of [
        { headers: { 'Content-Type': 'text/plain;charset=UTF-8' }, body: '[]' },
        { headers: { 'Content-Type': 'text/plain;charset=UTF-8' }, body: 'malformed' },
        argument
      ]) {
        const all = { ...call, ...headers, ...ofBody }
        await check.request({ method: 'POST', path: page, headers: all, body })
        // Next sends a call for the action of another page on to that page.
        for (const other of ['dynamic', 'static']) {
          const path = page.replace('action', other)
          await check.request({ method: 'POST', path, headers: all, body })
        }
      }
      const all = { ...headers, ...form.headers }
      await check.request({ method: 'POST', path: page, headers: all, body: String(form.body) })
      // The forms of other pages have no such action.
      await check.request({ method: 'POST', path: '/', headers: all, body: String(form.body) })
    }
    await check.request({ method: 'GET', path: page, headers: call })
    await check.request({ method: 'PUT', path: page, headers: call, body: '[]' })
  }
}
