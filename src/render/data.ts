/** Tells a page which render it belongs to. Next lets a page read headers at request time only. */
export const RENDER_ID_HEADER = 'x-fastify-next-render'

/** Bundlers make copies of this module, which have only `globalThis` in common. */
const REGISTRY = Symbol.for('fastify-next.render-data')
const global = globalThis as { [REGISTRY]?: Map<string, unknown> }

/**
 * Keeps what a handler passes to a page, under an id that nobody can guess.
 * @returns the id, for `RENDER_ID_HEADER`
 */
export function keepRenderData(data: unknown): string {
  global[REGISTRY] ??= new Map()
  const id = crypto.randomUUID()
  global[REGISTRY].set(id, data)
  return id
}

export function renderDataOf(id: unknown): unknown {
  return typeof id === 'string' ? global[REGISTRY]?.get(id) : undefined
}

export function dropRenderData(id: string): void {
  const kept = global[REGISTRY]
  kept?.delete(id)
  if (kept?.size === 0) delete global[REGISTRY]
}
