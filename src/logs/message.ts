import { format, inspect, stripVTControlCharacters } from 'node:util'
import { isError } from './described-error.js'

/** What the arguments of `console.log()` and its like say, and the error among them. */
export function messageOf(args: readonly unknown[]): { text: string; error?: Error } {
  const error = args.find(isError)
  if (error === undefined) return { text: plain(format(...args)) }
  // What a format refers to has to stay, without the stack, which is logged apart.
  const inShort = { [inspect.custom]: () => `${error.name}: ${error.message}` }
  const isFormat = typeof args[0] === 'string' && args[0].includes('%')
  const others = isFormat
    ? args.map(arg => (arg === error ? inShort : arg))
    : args.filter(arg => arg !== error)
  return { text: plain(format(...others)).replace(/:$/, ''), error }
}

/** In which environment React has printed what it prints again, in reverse colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is in the output.
const BADGE = /\x1b\[7m *(\S+) *\x1b\[0m */

/** Without colours, and without the empty lines that set messages apart on a terminal. */
export function plain(text: string): string {
  return stripVTControlCharacters(text.replace(BADGE, '[$1] '))
    .replace(/^\s*\n/, '')
    .trimEnd()
}
