interface Watching {
  close(callback: () => void): void
}

interface Compiler {
  watching?: Watching
}

interface WebpackConfig {
  plugins?: unknown[]
}

interface NextConfig {
  webpack?: ((config: WebpackConfig, context: unknown) => WebpackConfig) | null
}

interface HotReloader {
  config?: NextConfig
  watcher?: Watching
  buildFallbackError?(): Promise<void>
}

/** Where Next keeps what drives webpack: next.js, next-dev-server.js, hot-reloader-webpack.js. */
const PATH = ['server', 'server', 'bundlerService', 'bundler', 'hotReloader'] as const

/** The watches of webpack's compilers, which the close of a development server leaves open. */
export class WebpackWatching {
  readonly #app: object
  /** Those of the page that shows an error of the first compile. */
  readonly #fallbacks = new Set<Compiler>()

  constructor(app: object) {
    this.#app = app
  }

  /** Follows a prepared app: Next forgets the compiler of its fallback page. */
  follow(): void {
    const hotReloader = this.#hotReloader
    const { buildFallbackError: build, config } = hotReloader
    // Next keeps the hot reloader of a directory, and this with it.
    if (typeof build !== 'function' || Object.hasOwn(hotReloader, 'buildFallbackError')) return
    const noted = Object.create(hotReloader, {
      config: { value: { ...config, webpack: noting(config?.webpack, this.#fallbacks) } }
    })
    let built: Promise<void> | undefined
    hotReloader.buildFallbackError = () => {
      built ??= build.call(noted).catch((error: unknown) => {
        built = undefined
        throw error
      })
      return built
    }
  }

  async close(): Promise<void> {
    const watchings = [this.#hotReloader, ...this.#fallbacks].map(watchingOf)
    this.#fallbacks.clear()
    await Promise.all(watchings.map(end))
  }

  get #hotReloader(): HotReloader {
    try {
      return Object(
        PATH.reduce<unknown>((value, key) => Reflect.get(Object(value), key), this.#app)
      )
    } catch {
      // Next's getters throw until the app is prepared.
      return {}
    }
  }
}

/** A `webpack` of the config that adds a plugin which notes the compiler. */
function noting(own: NextConfig['webpack'], compilers: Set<Compiler>): NextConfig['webpack'] {
  return (config, context) => {
    const changed = own?.(config, context) ?? config
    changed.plugins?.push({ apply: (compiler: Compiler) => compilers.add(compiler) })
    return changed
  }
}

function watchingOf(holder: HotReloader & Compiler): Watching | undefined {
  return holder.watcher ?? holder.watching
}

async function end(watching: Watching | undefined): Promise<void> {
  const { close } = Object(watching) as Partial<Watching>
  if (typeof close !== 'function') return
  await new Promise<void>(resolve => close.call(watching, resolve))
}
