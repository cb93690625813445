import { createError } from '@fastify/error'

/** An option given to `register` is unknown or malformed. */
export const FST_NEXT_INVALID_OPTION = createError<[string, string]>(
  'FST_NEXT_INVALID_OPTION',
  'The option "%s" of fastify-next %s.',
  500,
  TypeError
)

/** `dir` is not a directory. */
export const FST_NEXT_DIR_NOT_FOUND = createError<[string]>(
  'FST_NEXT_DIR_NOT_FOUND',
  'There is no directory "%s": point the option "dir" at the folder of the Next.js app.'
)

/** `next` can't be loaded from the app's directory, nor beside the plugin. */
export const FST_NEXT_NOT_INSTALLED = createError<[string]>(
  'FST_NEXT_NOT_INSTALLED',
  'Next.js is not installed for the app in "%s": run "npm install next react react-dom" there.'
)

/** The installed `next` is outside of the supported range. */
export const FST_NEXT_UNSUPPORTED_VERSION = createError<[string, string]>(
  'FST_NEXT_UNSUPPORTED_VERSION',
  'Next.js %s is not supported: install a version in the range "%s".'
)

/** `next.config` can't be loaded. */
export const FST_NEXT_CONFIG_FAILED = createError<[string, ErrorOptions]>(
  'FST_NEXT_CONFIG_FAILED',
  'The config "%s" failed to load: mend what the cause names.'
)

/** `conf` was given, but this version of Next offers no way to apply it. */
export const FST_NEXT_CONF_UNSUPPORTED = createError<[string]>(
  'FST_NEXT_CONF_UNSUPPORTED',
  'The option "conf" can not be applied to Next.js %s: move its values into next.config.'
)

/** There is no production build to serve. */
export const FST_NEXT_BUILD_NOT_FOUND = createError<[string, string]>(
  'FST_NEXT_BUILD_NOT_FOUND',
  'There is no production build in "%s": run "next build %s", or set the option "dev" to true.'
)

/** The production build lacks files, or has broken ones. */
export const FST_NEXT_BUILD_INCOMPLETE = createError<[string, string, string, ErrorOptions]>(
  'FST_NEXT_BUILD_INCOMPLETE',
  'The production build in "%s" can not be served: %s. Run "next build %s" again.'
)

/** `prepare()` of the Next app failed. */
export const FST_NEXT_PREPARE_FAILED = createError<[string, ErrorOptions]>(
  'FST_NEXT_PREPARE_FAILED',
  'Next.js failed to start the app in "%s": mend what the cause names and start again.',
  503
)

/** Next took longer to start than Fastify waits. */
export const FST_NEXT_START_TIMEOUT = createError<[string, number]>(
  'FST_NEXT_START_TIMEOUT',
  'Next.js did not %s within %d ms: raise the option "pluginTimeout" of Fastify.',
  503
)

/** A request waited for the development server for longer than it may. */
export const FST_NEXT_PREPARE_TIMEOUT = createError<[number]>(
  'FST_NEXT_PREPARE_TIMEOUT',
  'Next.js was not ready within %d ms: try again when it has started.',
  503
)

/** A request waited for the development server, and the server is closed first. */
export const FST_NEXT_PREPARE_ABANDONED = createError(
  'FST_NEXT_PREPARE_ABANDONED',
  'The server is closed before Next.js has started: try again when it is back.',
  503
)

/** Another process runs the development server of the directory. */
export const FST_NEXT_DEV_SERVER_RUNNING = createError<[string, string]>(
  'FST_NEXT_DEV_SERVER_RUNNING',
  'The development server of "%s" is run by %s already: end that one first.',
  503
)

/** `dev` is true and `NODE_ENV` is "production". */
export const FST_NEXT_NODE_ENV_MISMATCH = createError<[string]>(
  'FST_NEXT_NODE_ENV_MISMATCH',
  'NODE_ENV is "production", with which the development server can not render "%s": unset it, or set the option "dev" to false.'
)

/** The plugin was registered twice on one Fastify instance. */
export const FST_NEXT_ALREADY_REGISTERED = createError(
  'FST_NEXT_ALREADY_REGISTERED',
  'fastify-next is already registered on this instance: register it once, or in a scope of its own.'
)

/** The app is served by this process already, and it or this one is a development server. */
export const FST_NEXT_DIR_IN_USE = createError<[string]>(
  'FST_NEXT_DIR_IN_USE',
  'The app in "%s" is served already, and a development server shares its directory with nobody: close the other one first.'
)

/** The app is served by this process already, with other values of options that it has once. */
export const FST_NEXT_OPTIONS_DIFFER = createError<[string, string]>(
  'FST_NEXT_OPTIONS_DIFFER',
  'The app in "%s" is served already, with other values of %s: give all registrations the same.'
)

/** This version of Next offers no way to keep several apps apart. */
export const FST_NEXT_SEVERAL_APPS_UNSUPPORTED = createError<[string, string]>(
  'FST_NEXT_SEVERAL_APPS_UNSUPPORTED',
  'Next.js %s would mix the pages of several apps: run the app in "%s" in a process of its own.'
)

/** The plugin is registered under a prefix below which not all of the app's paths are. */
export const FST_NEXT_PREFIX_MISMATCH = createError<[string, string]>(
  'FST_NEXT_PREFIX_MISMATCH',
  'Next.js answers "%s", which is outside of the prefix "%s": register fastify-next without a prefix.'
)

/** Next's request handler failed before it wrote an answer. */
export const FST_NEXT_REQUEST_FAILED = createError<[ErrorOptions]>(
  'FST_NEXT_REQUEST_FAILED',
  'Next.js failed to answer the request: the log has the cause.',
  500
)

/** The body of a request to Next is larger than `bodyLimit`. */
export const FST_NEXT_BODY_TOO_LARGE = createError<[number]>(
  'FST_NEXT_BODY_TOO_LARGE',
  'The body of the request is larger than %d bytes: send less, or raise the option "bodyLimit".',
  413
)

/** `fastify.next()` was called with an argument that is no path, option or handler. */
export const FST_NEXT_INVALID_ROUTE = createError<[string, string]>(
  'FST_NEXT_INVALID_ROUTE',
  'The %s of a route declared with fastify.next() must be %s.',
  500,
  TypeError
)

/** `reply.nextRender()` was called with what is no path. */
export const FST_NEXT_INVALID_PATH = createError(
  'FST_NEXT_INVALID_PATH',
  'reply.nextRender() takes the path of a page: begin it with "/".',
  500,
  TypeError
)

/** The path for `reply.nextRender()` would lead to another page than it names. */
export const FST_NEXT_PATH_REFUSED = createError(
  'FST_NEXT_PATH_REFUSED',
  'There is no page at this path: remove its dot segments, tabs and line breaks.',
  404
)

/** `reply.nextRender()` was called with search parameters that have no form as text. */
export const FST_NEXT_INVALID_QUERY = createError(
  'FST_NEXT_INVALID_QUERY',
  'The "query" of reply.nextRender() takes strings, numbers, booleans and lists of them.',
  500,
  TypeError
)

/** A reply that Next is answering was to be answered again. */
export const FST_NEXT_ALREADY_ANSWERED = createError<[string]>(
  'FST_NEXT_ALREADY_ANSWERED',
  'The reply to "%s" has its answer already: return or await what answers it, and do so once.'
)

/** `fastify-next/context` was used where there is no request, or none to rely on. */
export const FST_NEXT_NO_REQUEST = createError<[ErrorOptions?]>(
  'FST_NEXT_NO_REQUEST',
  'There is no request of Fastify here: ask before "use cache", unstable_cache() and other code that caches, and pass on what it needs; in the Pages Router, give the request that Next has given you.'
)

/** A page was to change the head of an answer that has left. */
export const FST_NEXT_HEAD_SENT = createError<[string]>(
  'FST_NEXT_HEAD_SENT',
  'The head of the answer has left: call "%s" of the reply in an action, or before the page streams.'
)

/** This version of Next offers no way to render the error page of a Pages Router app. */
export const FST_NEXT_ERROR_PAGE_UNSUPPORTED = createError(
  'FST_NEXT_ERROR_PAGE_UNSUPPORTED',
  'Next.js offers no way to render the error page: render a page of your own with reply.nextRender().'
)

/** The option `underPressure` is set, but the plugin behind it is not installed. */
export const FST_NEXT_UNDER_PRESSURE_NOT_INSTALLED = createError<[ErrorOptions]>(
  'FST_NEXT_UNDER_PRESSURE_NOT_INSTALLED',
  'The option "underPressure" needs a package: run "npm install @fastify/under-pressure".'
)

/** A package is missing that `sharedCache` needs. */
export const FST_NEXT_SHARED_CACHE_NOT_INSTALLED = createError<[ErrorOptions]>(
  'FST_NEXT_SHARED_CACHE_NOT_INSTALLED',
  'The option "sharedCache" needs packages: run "npm install ioredis @fortedigital/nextjs-cache-handler @mrjasonroy/cache-components-cache-handler".'
)

/** This version of Next offers no way to give it a cache. */
export const FST_NEXT_SHARED_CACHE_UNSUPPORTED = createError<[string]>(
  'FST_NEXT_SHARED_CACHE_UNSUPPORTED',
  'Next.js %s can not be given a shared cache: remove the option "sharedCache".'
)

/** `fastify-next bundle` was given what is no file. */
export const FST_NEXT_SERVER_FILE_NOT_FOUND = createError<[string]>(
  'FST_NEXT_SERVER_FILE_NOT_FOUND',
  'There is no file "%s": give "fastify-next bundle" the one that starts the server.'
)

/** `fastify-next bundle` found no production build. */
export const FST_NEXT_NOTHING_TO_BUNDLE = createError<[string, string]>(
  'FST_NEXT_NOTHING_TO_BUNDLE',
  'There is no production build in "%s": run "next build %s", or give the directory of the app with "--dir".'
)

/** `fastify-next bundle` would remove files that it has not made. */
export const FST_NEXT_BUNDLE_FOLDER_IN_USE = createError<[string]>(
  'FST_NEXT_BUNDLE_FOLDER_IN_USE',
  'The folder "%s" holds what "fastify-next bundle" has not made: give an empty one with "--out".'
)

/** `fastify-next bundle` needs a package that is not installed. */
export const FST_NEXT_NFT_NOT_INSTALLED = createError<[ErrorOptions]>(
  'FST_NEXT_NFT_NOT_INSTALLED',
  'The command "bundle" needs a package: run "npm install --save-dev @vercel/nft".'
)
