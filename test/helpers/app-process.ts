import type { Test } from 'tap'
import type { FastifyNextOptions } from '../../src/index.js'
import { buildPlugin, repositoryPath, startServer } from './process.js'

/** Serves an app from a process of its own, which closes at SIGTERM and does not exit by force. */
export async function startApp(t: Test, options: FastifyNextOptions, name = 'server.mjs') {
  await buildPlugin()
  const script = repositoryPath('test', 'processes', name)
  return startServer(t, script, /^Listening on (\S+)/m, { args: [JSON.stringify(options)] })
}
