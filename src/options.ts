import { resolve } from 'node:path'
import type { LogLevel } from 'fastify'
import type { NextErrorListener } from './instrumentation/error-reporters.js'
import { assertValid } from './option-rules.js'

/** What an HTTP server has to offer to be handed to Next as `httpServer`. */
export interface UpgradeEmitter {
  on(event: string, listener: (...args: never[]) => void): unknown
}

/** The options of the plugin: those of Next's custom server, then the plugin's own. */
export interface FastifyNextOptions {
  /**
   * Values that win over the app's `next.config`, merged key by key. In production a value that
   * only the build reads gives a warning and has no effect.
   * @default {}
   */
  conf?: Readonly<Record<string, unknown>>
  /**
   * Run Next's development server.
   * @default process.env.NODE_ENV !== 'production'
   */
  dev?: boolean
  /**
   * The directory of the Next app, absolute or relative to the working directory.
   * @default '.'
   */
  dir?: string
  /**
   * Hide Next's error messages that hold information about the server.
   * @default false
   */
  quiet?: boolean
  /**
   * The host name that Next puts into URLs it makes itself.
   * @default 'localhost'
   */
  hostname?: string
  /**
   * The port that Next puts into URLs it makes itself.
   * @default the port that Fastify listens on
   */
  port?: number
  /**
   * A server on which Next listens for `upgrade` itself, from its first request on. The sockets of
   * hot reloading that Fastify's server has are Next's without it.
   */
  httpServer?: UpgradeEmitter
  /**
   * An older name of `turbopack`.
   * @default false
   */
  turbo?: boolean
  /**
   * Build with Turbopack in development, which is what Next does by default.
   * @default false
   */
  turbopack?: boolean
  /**
   * Build with webpack in development.
   * @default false
   */
  webpack?: boolean
  /**
   * Let Next answer every path that no route of Fastify answers. With `false` only Next's own
   * files (`/_next/…`) and the routes declared with `fastify.next()` reach Next.
   * @default true
   */
  catchAll?: boolean
  /**
   * Leave `/_next/…` to somebody else, say a CDN; only with `catchAll: false`.
   * @default false
   */
  noServeAssets?: boolean
  /**
   * In production, answer for the files of the build from memory, with brotli and the other codings
   * made once.
   * @default true
   */
  staticAssets?: boolean
  /**
   * In production, answer for prerendered pages from memory as long as Next would give the same
   * answer; `maxBytes` is the most that these answers may take. `false` leaves them to Next.
   * @default { maxBytes: 52428800 }
   */
  prerenderCache?: false | { maxBytes?: number }
  /**
   * In production, keep what Next caches in the Redis or Valkey with this URL, for all processes of the
   * app, and tell them what is revalidated.
   * @default each process on its own
   * @example
   * sharedCache: 'redis://user:password@localhost:6379/0'
   */
  sharedCache?: string
  /**
   * Let rewrites of Next's that lead to another server pass on WebSockets, too. An upgrade that
   * nobody else takes then goes through Fastify's hooks and routes like a request; where it reaches
   * Next and no such rewrite, it gets a 404. Only with `catchAll: true`.
   * @default false
   */
  websocketRewrites?: boolean
  /**
   * Register `@fastify/under-pressure`, which answers 503 when the process is overloaded: `true`,
   * or its options.
   * @default false
   */
  underPressure?: boolean | Readonly<Record<string, unknown>>
  /**
   * The most bytes of a request body that Next may be sent; a larger one is answered with 413.
   * @default no limit
   */
  bodyLimit?: number
  /**
   * How long `fastify.close()` waits for requests and background work, in ms, before it cuts them.
   * In development nothing of Next's is waited for.
   * @default 10000
   */
  closeTimeout?: number
  /**
   * How long `fastify.close()` goes on serving before it stops listening, in ms: at least what a
   * load balancer takes to notice that the server is not ready any more.
   * @default 0
   */
  drainDelay?: number
  /**
   * The log level of the routes that Next answers.
   * @default the level of the instance
   */
  logLevel?: LogLevel
  /**
   * Is told of each error of a page, an action, a route handler or the proxy, after it is logged. The
   * app's `instrumentation.js` has to export what `fastify-next/instrumentation` has.
   * @example
   * onNextError: (error, request, { routePath }) => errorsTotal.inc({ route: routePath })
   */
  onNextError?: NextErrorListener
  /**
   * Tell with each answer how long Fastify's hooks and Next, or the memory, have taken, in the header
   * `Server-Timing`.
   * @default false
   */
  serverTiming?: boolean
}

/** Those that have no default. */
type Optional = 'port' | 'httpServer' | 'sharedCache' | 'bodyLimit' | 'logLevel' | 'onNextError'

/** The options after validation: complete, with an absolute `dir`. */
export type Settings = Readonly<
  Required<Omit<FastifyNextOptions, Optional | 'prerenderCache'>> &
    Pick<FastifyNextOptions, Optional> & {
      prerenderCache: false | { readonly maxBytes: number }
    }
>

/** As much as Next's own cache may take. */
const DEFAULT_MAX_BYTES = 50 * 1024 * 1024
const DEFAULT_CLOSE_TIMEOUT_MS = 10_000

/**
 * Validates the options given to `register` and fills in the defaults.
 * @param log whose levels `logLevel` has to be of
 * @throws FST_NEXT_INVALID_OPTION when one is unknown or malformed
 */
export function resolveOptions(options: FastifyNextOptions, log?: object): Settings {
  assertValid({ ...options }, log)
  return Object.freeze({
    conf: Object.freeze({ ...options.conf }),
    dev: options.dev ?? process.env.NODE_ENV !== 'production',
    dir: resolve(options.dir ?? '.'),
    quiet: options.quiet ?? false,
    hostname: options.hostname ?? 'localhost',
    port: options.port,
    httpServer: options.httpServer,
    turbo: options.turbo ?? false,
    turbopack: options.turbopack ?? false,
    webpack: options.webpack ?? false,
    catchAll: options.catchAll ?? true,
    noServeAssets: options.noServeAssets ?? false,
    staticAssets: options.staticAssets ?? true,
    prerenderCache:
      options.prerenderCache !== false &&
      Object.freeze({ maxBytes: options.prerenderCache?.maxBytes ?? DEFAULT_MAX_BYTES }),
    sharedCache: options.sharedCache,
    websocketRewrites: options.websocketRewrites ?? false,
    underPressure:
      typeof options.underPressure === 'object'
        ? Object.freeze({ ...options.underPressure })
        : (options.underPressure ?? false),
    bodyLimit: options.bodyLimit,
    closeTimeout: options.closeTimeout ?? DEFAULT_CLOSE_TIMEOUT_MS,
    drainDelay: options.drainDelay ?? 0,
    logLevel: options.logLevel,
    onNextError: options.onNextError,
    serverTiming: options.serverTiming ?? false
  })
}
