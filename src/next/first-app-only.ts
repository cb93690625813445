import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import type { FastifyBaseLogger } from 'fastify'

/** Whose files Next has read, which stay even if that app did not start, and what was set before. */
let environment: { dir: string; before: Readonly<NodeJS.ProcessEnv> } | undefined
/** Whose instrumentation Next uses. */
let instrumented: string | undefined

/** Remembers what the process was started with: Next reads an app's files right after this. */
export function rememberEnvironment(dir: string): void {
  environment ??= { dir, before: { ...process.env } }
}

/** Names in the log what Next does for the first app of a process that has it, and not for this one. */
export function warnOfWhatIsLeftOut(
  { dir, dev }: { dir: string; dev: boolean },
  distDir: string,
  isFirst: boolean,
  log: FastifyBaseLogger
): void {
  for (const { file, names } of environment?.dir === dir ? [] : unreadVariables(dir, dev)) {
    log.warn(
      `Next.js reads the environment of one app per process, and not "${join(dir, file)}": set ${names.join(', ')} before the start.`
    )
  }
  warnOfInstrumentation(dir, distDir, isFirst, log)
}

/**
 * The one that Next has loaded is told of the errors of all apps, and can't be kept from it: it is
 * looked up in Next itself, and what a build exports is sealed
 * (next/dist/server/lib/router-utils/instrumentation-globals.external.js).
 */
function warnOfInstrumentation(
  dir: string,
  distDir: string,
  isFirst: boolean,
  log: FastifyBaseLogger
): void {
  const isInstrumented = existsSync(join(distDir, 'server', 'instrumentation.js'))
  if (isInstrumented) instrumented ??= dir
  if (isFirst) return
  if (isInstrumented) {
    log.warn(
      `Next.js runs the instrumentation of one app per process, and may not run that of "${dir}": start what it starts elsewhere.`
    )
  }
  if (instrumented !== undefined) {
    const those = instrumented === dir ? 'those of all apps' : `those of "${dir}"`
    log.warn(
      `Next.js reports errors to one instrumentation per process: the onRequestError of "${instrumented}", if it has one, gets ${those}, with the headers of the requests.`
    )
  }
}

interface Unread {
  file: string
  names: string[]
}

/**
 * The variables that the files of an app would have set, in the order in which Next looks for them
 * (`@next/env`), and that have another value.
 */
function unreadVariables(dir: string, dev: boolean): Unread[] {
  const seen = new Set(Object.keys(environment?.before ?? process.env))
  const unread: Unread[] = []
  for (const file of envFiles(dev)) {
    const names: string[] = []
    for (const [name, value] of Object.entries(readVariables(join(dir, file)))) {
      if (!seen.has(name) && !isSet(name, String(value))) names.push(name)
      seen.add(name)
    }
    if (names.length > 0) unread.push({ file, names })
  }
  return unread
}

/** A value with a `$` in it is a pattern, from which Next makes the value. */
function isSet(name: string, value: string): boolean {
  const actual = process.env[name]
  return actual === value || (actual !== undefined && value.includes('$'))
}

function envFiles(dev: boolean): string[] {
  const isTest = process.env.NODE_ENV === 'test'
  const mode = isTest ? 'test' : dev ? 'development' : 'production'
  const local = isTest ? [] : ['.env.local']
  return [`.env.${mode}.local`, ...local, `.env.${mode}`, '.env']
}

function readVariables(path: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(path, 'utf8'))
  } catch {
    return {}
  }
}
