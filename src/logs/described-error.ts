import { inspect, stripVTControlCharacters, types } from 'node:util'

export function isError(value: unknown): value is Error {
  // Those of Edge functions have a global scope of their own.
  return value instanceof Error || types.isNativeError(value)
}

/**
 * An error for a serializer of errors, whose stack is what `next dev` prints: with the places in the
 * source, the code around the first one, and the causes. Next puts them where an error is inspected:
 * next/dist/server/patch-error-inspect.js.
 */
export function forDevelopers(error: Error): Error {
  const value = (value: string) => ({ value, writable: true, configurable: true })
  const { cause: _, ...own } = Object.getOwnPropertyDescriptors(error)
  // With the prototype, by which serializers name the type.
  return Object.create(Object.getPrototypeOf(error), {
    ...own,
    message: value(error.message),
    stack: value(stripVTControlCharacters(inspect(error)))
  })
}

/** By which the page that a browser shows names the error. */
export function digestOf(error: unknown): string | undefined {
  const { digest } = Object(error) as { digest?: unknown }
  return typeof digest === 'string' ? digest : undefined
}
