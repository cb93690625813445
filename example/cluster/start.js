// Starts all of it, and stops it at Ctrl-C; SIGUSR2 deploys a new build. See README.md.
import { resolve } from 'node:path'
import { Cluster } from './cluster.js'

const cluster = new Cluster({
  app: resolve(process.argv[2] ?? `${import.meta.dirname}/..`),
  port: Number(process.env.PORT ?? 3000)
})

async function stop(code) {
  process.exitCode = code
  await cluster.stop()
  console.log('Cluster stopped')
  process.exit()
}

async function end(error) {
  console.error(error)
  await stop(1)
}

// Once: a second signal ends the starter at once, whatever the first one waits for.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => stop(0))

const started = cluster.start()
process.on('SIGUSR2', async () => {
  await started
  await cluster.deploy().catch(error => console.error(error))
})
started.then(() => {
  console.log(`Ctrl-C stops it, and a new build is deployed by: kill -USR2 ${process.pid}`)
  console.log(`Cluster ready on ${cluster.url}`)
}, end)
cluster.broken.then(end)
