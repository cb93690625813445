interface Watching {
  close(callback: () => void): void
}

/** Where Next keeps what webpack watches: next.js, next-dev-server.js, hot-reloader-webpack.js. */
const PATH = ['server', 'server', 'bundlerService', 'bundler', 'hotReloader', 'watcher'] as const

/** Ends the watch of webpack's compilers, which the close of a development server leaves open. */
export async function closeWebpackWatching(app: object): Promise<void> {
  const watching = watchingOf(app)
  const { close } = Object(watching) as Partial<Watching>
  if (typeof close !== 'function') return
  await new Promise<void>(resolve => close.call(watching, resolve))
}

function watchingOf(app: object): unknown {
  try {
    return PATH.reduce<unknown>((value, key) => Reflect.get(Object(value), key), app)
  } catch {
    // Next's getters throw until the app is prepared.
    return undefined
  }
}
