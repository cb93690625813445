import { testRestarts } from './helpers/restarts.js'

const server = { file: 'server.mjs', args: () => ['--watch', 'server.mjs'] }

await testRestarts({ name: 'node --watch', ...server })
await testRestarts({
  name: 'node --watch, with close-with-grace',
  ...server,
  env: { CLOSE: 'close-with-grace' }
})
