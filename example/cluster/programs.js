import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Starts a program in a process group of its own: Ctrl-C is for the starter alone, which then stops
 * them one after the other.
 */
export function startProgram(command, args, options) {
  const child = spawn(command, args, { detached: true, stdio: 'inherit', ...options })
  const program = {
    pid: child.pid,
    /** Until it has ended: undefined. */
    ending: undefined,
    code: undefined,
    /** Never rejects. */
    ended: once(child, 'exit').then(
      ([code, signal]) => {
        program.code = code
        program.ending = `${command} (process ${child.pid}) has ended with ${signal ?? code}`
      },
      error => {
        program.ending = `${command} can't be started: ${error.message}`
      }
    ),
    signal: name => child.kill(name),
    /** Resolves when it has ended; what takes longer than `bound` ms is killed. */
    async stop(name, bound) {
      const timer = setTimeout(() => child.kill('SIGKILL'), bound)
      child.kill(name)
      await program.ended
      clearTimeout(timer)
    }
  }
  return program
}

const LOOK_INTERVAL_MS = 100
const BOUND_MS = 60_000

/** Resolves once `holds` does; rejects when the program ends before that, or takes too long. */
export async function until(program, holds) {
  const deadline = performance.now() + BOUND_MS
  while (!(await holds())) {
    if (program.ending) throw new Error(program.ending)
    if (performance.now() > deadline) throw new Error(`Process ${program.pid} is not ready in time`)
    await delay(LOOK_INTERVAL_MS)
  }
}
