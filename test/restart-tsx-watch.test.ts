import { repositoryPath } from './helpers/process.js'
import { testRestarts } from './helpers/restarts.js'

const tsx = repositoryPath('node_modules', 'tsx', 'dist', 'cli.mjs')
const server = { file: 'server.mjs', args: () => [tsx, 'watch', 'server.mjs'] }

await testRestarts({ name: 'tsx watch', ...server })
await testRestarts({
  name: 'tsx watch, with close-with-grace',
  ...server,
  env: { CLOSE: 'close-with-grace' }
})
