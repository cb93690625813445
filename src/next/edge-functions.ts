import { FST_NEXT_SEVERAL_APPS_UNSUPPORTED } from '../errors.js'
import type { NextPackage } from './load.js'

/** Stands where Next wants text, which it turns it into, or takes it for the key of a Map. */
class EdgeName {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

/** The server of an app that starts again may be the one that it had. */
const named = new WeakSet<object>()

type FindEdgeFunction = (...args: unknown[]) => { name: unknown } | null

/**
 * Gives the Edge functions of a prepared app names that are equal to no other app's. Next runs those
 * of one name in one context, and there the app that was asked last has replaced the others'
 * (next/dist/server/web/sandbox/context.js). They keep them after the close: their work may go on.
 * @param names those that the app has had so far
 * @throws FST_NEXT_SEVERAL_APPS_UNSUPPORTED when this version of Next names them elsewhere
 */
export function nameEdgeFunctions(
  next: NextPackage,
  app: object,
  dir: string,
  names: Map<string, object>
): void {
  const { server } = app as { server?: { server?: { getEdgeFunctionInfo?: unknown } } }
  const owner = server?.server
  const find = owner?.getEdgeFunctionInfo
  if (owner === undefined || typeof find !== 'function') {
    throw new FST_NEXT_SEVERAL_APPS_UNSUPPORTED(next.version, dir)
  }
  if (named.has(owner)) return
  named.add(owner)
  const nameOf = (name: unknown): object => {
    const text = String(name)
    const own = names.get(text) ?? new EdgeName(text)
    names.set(text, own)
    return own
  }
  const findOwn: FindEdgeFunction = (...args) => {
    const found = (find as FindEdgeFunction).apply(owner, args)
    return found && { ...found, name: nameOf(found.name) }
  }
  owner.getEdgeFunctionInfo = findOwn
}
