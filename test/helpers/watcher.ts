import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import type { Test } from 'tap'
import { until } from './connection.js'

/** A command that starts a server, and starts it again when a file changes. */
export interface Watcher {
  /** All that it and what it has started have printed. */
  output(): string
  /** How often the server has said that it listens. */
  starts(): number
  /** What runs of it, and of all that it has started, be it left by its parent. */
  processes(): string[]
  /** What Ctrl+C does in a terminal. Rejects when anything of it still runs after a while. */
  interrupt(): Promise<void>
}

/** Starts it as the leader of a process group, all of which is killed at the end of `t`. */
export function startWatcher(
  t: Test,
  args: string[],
  { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv }
): Watcher {
  const { NODE_OPTIONS: _options, NODE_ENV: _env, ...inherited } = process.env
  const child = spawn(process.execPath, args, {
    cwd,
    detached: true,
    env: { ...inherited, NEXT_TELEMETRY_DISABLED: '1', ...env } as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const group = Number(child.pid)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text
    })
  }
  const signal = (name: NodeJS.Signals): void => {
    if (processesOf(group).length > 0) process.kill(-group, name)
  }
  const kill = () => signal('SIGKILL')
  // tap ends a test that takes too long without its teardown.
  process.once('exit', kill)
  const exited = once(child, 'close')
  t.teardown(async () => {
    kill()
    await exited
    process.off('exit', kill)
    if (!t.passing()) t.comment(`${args.join(' ')} has written:\n${output}`)
  })

  return {
    output: () => output,
    starts: () => output.match(/^Listening on /gm)?.length ?? 0,
    processes: () => processesOf(group),
    async interrupt() {
      signal('SIGINT')
      const none = () => processesOf(group).length === 0
      await until('the end of all processes', none, 15_000).catch(error => {
        throw new Error(`Still there: ${processesOf(group)}`, { cause: error })
      })
      await exited
    }
  }
}

/** The commands of the processes of a group, as Linux tells. Those that have ended don't count. */
function processesOf(group: number): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(id => {
      try {
        // The name, which may have spaces, is in brackets.
        const [state, , owner] = readFileSync(`/proc/${id}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ')
        if (Number(owner) !== group || state === 'Z') return []
        return [`${id} ${readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ')}`]
      } catch {
        return []
      }
    })
}
