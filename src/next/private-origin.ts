/**
 * Where Next sends the requests that it makes to itself, for an action of another page or the page that
 * an action redirects to: action-handler.js. Only `next start` sets it; without it Next takes the scheme
 * from `X-Forwarded-Proto`, which is not its own behind a proxy that ends TLS.
 */
const VARIABLE = '__NEXT_PRIVATE_ORIGIN'

const origins = new Set<{ readonly origin: string }>()

/** Tells Next its origin, while one is known only: the variable is one for the process. */
export function setPrivateOrigin(origin: string): () => void {
  if (origins.size === 0 && process.env[VARIABLE] !== undefined) return () => {}
  const entry = { origin }
  origins.add(entry)
  update()
  return () => {
    if (origins.delete(entry)) update()
  }
}

function update(): void {
  const [only, ...others] = origins
  if (only && others.length === 0) process.env[VARIABLE] = only.origin
  else delete process.env[VARIABLE]
}
