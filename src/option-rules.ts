import { FST_NEXT_INVALID_OPTION } from './errors.js'
import type { FastifyNextOptions } from './options.js'
import { isPlainObject } from './plain-object.js'

interface Rule {
  accepts(value: unknown): boolean
  expected: string
}

const boolean: Rule = { accepts: value => typeof value === 'boolean', expected: 'a boolean' }
const text: Rule = {
  accepts: value => typeof value === 'string' && value !== '',
  expected: 'a string that is not empty'
}

function wholeNumber(from: number, to: number, expected: string): Rule {
  return {
    accepts: value => Number.isInteger(value) && Number(value) >= from && Number(value) <= to,
    expected
  }
}

const wholeBytes = wholeNumber(1, Number.MAX_SAFE_INTEGER, 'a whole number of bytes above 0')

/** The largest delay that a timer of Node takes. */
const milliseconds = wholeNumber(0, 2 ** 31 - 1, 'a whole number of milliseconds')

const rules: Readonly<Record<keyof FastifyNextOptions, Rule>> = {
  conf: { accepts: isPlainObject, expected: 'a plain object' },
  dev: boolean,
  dir: {
    accepts: value => text.accepts(value) && !String(value).includes('\0'),
    expected: 'a path'
  },
  quiet: boolean,
  hostname: text,
  port: wholeNumber(1, 65_535, 'a whole number from 1 to 65535'),
  httpServer: {
    accepts: value =>
      typeof value === 'object' &&
      value !== null &&
      'on' in value &&
      typeof value.on === 'function',
    expected: 'an HTTP server'
  },
  turbo: boolean,
  turbopack: boolean,
  webpack: boolean,
  catchAll: boolean,
  noServeAssets: boolean,
  staticAssets: boolean,
  prerenderCache: {
    accepts: value =>
      value === false ||
      (isPlainObject(value) &&
        Object.entries(value).every(
          ([name, bytes]) =>
            name === 'maxBytes' && (bytes === undefined || wholeBytes.accepts(bytes))
        )),
    expected: 'false, or an object with nothing but "maxBytes", a whole number of bytes above 0'
  },
  sharedCache: {
    accepts: value => /^rediss?:\/\/./.test(String(value)) && URL.canParse(String(value)),
    expected: 'a URL that begins with redis:// or rediss://'
  },
  websocketRewrites: boolean,
  underPressure: {
    accepts: value => boolean.accepts(value) || isPlainObject(value),
    expected: "a boolean, or the plugin's options"
  },
  bodyLimit: wholeBytes,
  closeTimeout: milliseconds,
  drainDelay: milliseconds,
  logLevel: text,
  onNextError: { accepts: value => typeof value === 'function', expected: 'a function' },
  serverTiming: boolean
}

/**
 * @param log whose levels `logLevel` has to be of
 * @throws FST_NEXT_INVALID_OPTION
 */
export function assertValid(options: Readonly<Record<string, unknown>>, log?: object): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, name)) {
      throw new FST_NEXT_INVALID_OPTION(name, 'is unknown: remove it, or mend its spelling')
    }
    const rule = rules[name as keyof FastifyNextOptions]
    if (value !== undefined && !rule.accepts(value)) {
      throw new FST_NEXT_INVALID_OPTION(name, `must be ${rule.expected}`)
    }
  }
  if (options.webpack === true && (options.turbopack === true || options.turbo === true)) {
    throw new FST_NEXT_INVALID_OPTION('webpack', 'can not be set together with turbopack')
  }
  if (options.noServeAssets === true && options.catchAll !== false) {
    throw new FST_NEXT_INVALID_OPTION('noServeAssets', 'needs catchAll to be false')
  }
  if (options.websocketRewrites === true && options.catchAll === false) {
    throw new FST_NEXT_INVALID_OPTION('websocketRewrites', 'needs catchAll to be true')
  }
  const levels = levelsOf(log)
  if (
    levels &&
    options.logLevel !== undefined &&
    !Object.hasOwn(levels, String(options.logLevel))
  ) {
    throw new FST_NEXT_INVALID_OPTION(
      'logLevel',
      `must be one of ${Object.keys(levels).join(', ')}`
    )
  }
}

/** The levels of a logger that tells them, as pino does. */
function levelsOf(log: object | undefined): Readonly<Record<string, number>> | undefined {
  const { levels } = Object(log) as { levels?: { values?: Record<string, number> } }
  return levels?.values
}
