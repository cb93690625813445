import type { Level } from '../logs/write.js'

/** What Next puts before its messages: next/dist/build/output/log.js and server/dev/log-requests.js. */
const PREFIX = /^[\s│└─]*([○✓⚠⨯▲»](?=\s|$)\s*)?/

const LEVELS: Readonly<Record<string, Level>> = { '»': 'debug', '⚠': 'warn', '⨯': 'error' }

/** Takes the prefix off a message of Next, and tells the level that it stands for. */
export function readPrefix(text: string): { text: string; level: Level | undefined } {
  const [prefix = '', symbol = ''] = PREFIX.exec(text) ?? []
  return { text: text.slice(prefix.length), level: LEVELS[symbol.trim()] }
}
