/** A set that all copies of this package have in common: bundlers make some, of what pages import. */
export class SharedSet<Value> {
  readonly #registry = globalThis as { [key: symbol]: Set<Value> | undefined }
  readonly #key: symbol

  constructor(name: string) {
    this.#key = Symbol.for(`fastify-next.${name}`)
  }

  /** Adds a value, until what is returned is called. */
  add(value: Value): () => void {
    const values = this.#registry[this.#key] ?? new Set()
    this.#registry[this.#key] = values.add(value)
    return () => {
      values.delete(value)
      if (values.size === 0 && this.#registry[this.#key] === values) {
        delete this.#registry[this.#key]
      }
    }
  }

  [Symbol.iterator](): IterableIterator<Value> {
    return (this.#registry[this.#key] ?? new Set()).values()
  }
}
