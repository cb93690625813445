// A plugin for `fastify start`: an app in APP_DIR, whose slow route waits for a request to /open.
import fastifyNext from 'fastify-next'

export default async function gatedApp(fastify, _options) {
  let open
  const opened = new Promise(resolve => {
    open = resolve
  })
  globalThis.slowRoute = () => {
    console.log('In flight')
    return opened
  }
  await fastify.register(fastifyNext, { dir: process.env.APP_DIR, dev: false })
  fastify.get('/open', async () => {
    open()
    return 'opened'
  })
}
