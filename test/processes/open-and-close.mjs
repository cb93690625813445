// node open-and-close.mjs OPTIONS [PATH...]: serves an app with these options of the plugin (JSON),
// asks for the paths, closes, says on which port it was, and does not exit. `during` among the paths
// closes while the ones before it are under way.
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const [options, ...paths] = process.argv.slice(2)
const { port = 0, ...settings } = JSON.parse(options)
const fastify = Fastify({ logger: true })
await fastify.register(fastifyNext, settings)
const url = await fastify.listen({ host: '127.0.0.1', port })
const pages = paths
  .filter(path => path !== 'during')
  .map(path => fetch(url + path).then(page => page.text().then(() => page.status)))
const answered = Promise.allSettled(pages)
if (!paths.includes('during')) {
  for (const { value } of await answered) if (value !== 200) throw new Error(`Answered ${value}`)
}
await fastify.close()
console.log(`Closed ${new URL(url).port}`)
await answered
