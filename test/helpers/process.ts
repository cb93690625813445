import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'

const root = join(import.meta.dirname, '..', '..')
const execute = promisify(execFile)

interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

interface Server {
  /** What the line that the script prints when it is ready says. */
  url: string
  /** All that it has written to stdout and stderr. */
  output(): string
  /** Resolves to how the process has ended by itself; after `bound` ms it is killed, and this rejects. */
  end(bound?: number): Promise<Exit>
  /** Resolves to how the process has ended; after `bound` ms it is killed, and this rejects. */
  stop(signal?: NodeJS.Signals, bound?: number): Promise<Exit>
}

interface Start {
  args?: string[]
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** How long the line may take, in ms. */
  bound?: number
}

/** The path of a file of the repository. */
export function repositoryPath(...names: string[]): string {
  return join(root, ...names)
}

/** What a child gets: not what tap and the test's own runner add to the environment. */
function childEnv(env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_ENV: _env, ...inherited } = process.env
  return { ...inherited, NEXT_TELEMETRY_DISABLED: '1', ...env } as NodeJS.ProcessEnv
}

/** Runs a Node script of the repository to its end. Rejects with its output when it fails. */
async function runScript(path: string, args: string[] = []): Promise<void> {
  try {
    await execute(process.execPath, [path, ...args], {
      cwd: root,
      env: childEnv(),
      timeout: 90_000,
      killSignal: 'SIGKILL'
    })
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }
    throw new Error(`${path} failed:\n${stdout}\n${stderr}`, { cause: error })
  }
}

/** The latest change in a directory; of a directory itself it changes when a file is removed. */
async function changed(dir: string): Promise<number> {
  const names = await readdir(dir, { recursive: true })
  const sources = names.filter(name => !MADE_BY_NEXT.test(name))
  const stats = await Promise.all(['', ...sources].map(name => stat(join(dir, name))))
  return Math.max(...stats.map(({ mtimeMs }) => mtimeMs))
}

const MADE_BY_NEXT = /^(\.next|\.cluster-|next-env\.d\.ts|tsconfig\.tsbuildinfo)/

/** Whether all of `outputs` were written after the last change in `dirs`. */
async function isBuilt(outputs: string[], dirs: string[]): Promise<boolean> {
  const built = await Promise.all(outputs.map(path => stat(path))).catch(() => undefined)
  if (built === undefined) return false
  const sources = await Promise.all(dirs.map(changed))
  return Math.min(...built.map(({ mtimeMs }) => mtimeMs)) > Math.max(...sources)
}

/** The build of the plugin, since the example imports the package as its users do. */
export async function buildPlugin(): Promise<void> {
  const outputs = ['index', 'context', 'instrumentation'].flatMap(entry =>
    // The declarations are the last that is written.
    ['.js', '.cjs', '.d.ts', '.d.cts'].map(extension => repositoryPath('dist', entry + extension))
  )
  if (await isBuilt(outputs, [repositoryPath('src')])) return
  await runScript(repositoryPath('node_modules', 'tsup', 'dist', 'cli-default.js'))
}

/** `next build example` */
export async function buildExample(): Promise<void> {
  const output = repositoryPath('example', '.next', 'BUILD_ID')
  // Its pages have the plugin's entry in them.
  if (await isBuilt([output], [repositoryPath('example'), repositoryPath('dist')])) return
  const bin = repositoryPath('node_modules', 'next', 'dist', 'bin', 'next')
  await runScript(bin, ['build', repositoryPath('example')])
}

/**
 * Starts a script as a process of its own, and waits until it prints a line that `ready` matches;
 * the first group of that is the URL. What is left of the process at the end of `t` is killed.
 */
export async function startServer(
  t: Test,
  path: string,
  ready: RegExp,
  { args = [], cwd = root, env, bound = 30_000 }: Start = {}
): Promise<Server> {
  const child = spawn(process.execPath, [path, ...args], {
    cwd,
    env: childEnv(env),
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let output = ''
  const kill = () => child.kill('SIGKILL')
  // tap ends a test that takes too long without its teardown.
  process.once('exit', kill)
  const exited = once(child, 'close').then(([code, signal]): Exit => {
    process.off('exit', kill)
    return { code, signal }
  })
  t.teardown(async () => {
    kill()
    await exited
    if (!t.passing()) t.comment(`${path} has written:\n${output}`)
  })

  const url = new Promise<string>(resolve => {
    const collect = (text: string) => {
      output += text
      const match = ready.exec(output)
      if (match) resolve(match[1] ?? '')
    }
    child.stdout.setEncoding('utf8').on('data', collect)
    child.stderr.setEncoding('utf8').on('data', collect)
  })

  const report = (problem: string) => new Error(`${path} ${problem}. Its output:\n${output}`)
  const early = exited.then(({ code, signal }) => {
    throw report(`has ended with ${signal ?? code} before it was ready`)
  })
  const end = (bound: number, problem: string) => {
    return within(exited, bound, () => {
      kill()
      return report(problem)
    })
  }
  return {
    url: await within(Promise.race([url, early]), bound, () => report('is not ready in time')),
    output: () => output,
    end: (bound = 10_000) => end(bound, `still runs after ${bound} ms`),
    async stop(signal = 'SIGTERM', bound = 10_000) {
      child.kill(signal)
      return end(bound, `runs on ${bound} ms after ${signal}`)
    }
  }
}

async function within<T>(promise: Promise<T>, bound: number, problem: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(problem()), bound)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
