import type { Check } from './check.js'
import type { Known } from './variants.js'

/** Warms both servers, and learns what a client gets to know of them. */
export async function learn(
  check: Check,
  routes: readonly string[],
  preview?: string
): Promise<Known> {
  const validators = new Map<string, { etag?: string; modified?: string }>()
  for (const path of routes) {
    const { headers } = await check.request({ method: 'GET', path })
    const [etag, modified] = ['etag', 'last-modified'].map(name =>
      headers.find(line => line.startsWith(`${name}: `))?.slice(name.length + 2)
    )
    validators.set(path, { ...(etag && { etag }), ...(modified && { modified }) })
  }
  const cookies = preview ? await check.request({ method: 'GET', path: preview }) : undefined
  const draft = (cookies?.headers ?? [])
    .filter(line => line.startsWith('set-cookie: '))
    .map(line => line.slice('set-cookie: '.length).split(';', 1)[0])
    .join('; ')
  return { draft, previewId: /__prerender_bypass=(\w+)/.exec(draft)?.[1] ?? 'none', validators }
}
