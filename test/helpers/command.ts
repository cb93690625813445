import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { buildPlugin, repositoryPath } from './process.js'

const execute = promisify(execFile)

interface Run {
  args: string[]
  cwd?: string
  env?: NodeJS.ProcessEnv
}

/** Runs a script of Node to its end. Rejects when it fails. */
export function run(path: string, { args, cwd, env }: Run) {
  return execute(process.execPath, [path, ...args], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', NEXT_TELEMETRY_DISABLED: '1', ...env }
  })
}

/** Runs `fastify-next` with these arguments to its end. Rejects when it fails. */
export async function command(...args: string[]) {
  await buildPlugin()
  return run(repositoryPath('dist', 'cli.js'), { args })
}

/** What it says of problems. */
export async function complaint(...args: string[]): Promise<string> {
  const { stderr }: { stderr: string } = await command(...args).catch(error => error)
  return stderr
}
