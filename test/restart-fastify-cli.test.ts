import { repositoryPath } from './helpers/process.js'
import { testRestarts } from './helpers/restarts.js'

const fastifyCli = repositoryPath('node_modules', 'fastify-cli', 'cli.js')

await testRestarts({
  name: 'fastify start --watch',
  file: 'plugin.mjs',
  // It watches all files of the directory that are not left out: Next's own, too.
  args: port => [
    ...[fastifyCli, 'start', '--watch', '--ignore-watch', '.next .jsx$', '--log-level', 'info'],
    ...['--address', '127.0.0.1', '--port', String(port), 'plugin.mjs']
  ]
})
