// node process-errors.mjs OPTIONS [LISTENERS]: serves an app with these options of the plugin (JSON),
// or none with `null`, and beside it routes that leave errors uncaught. LISTENERS, as
// `uncaughtException:on:before`, separated by commas, are added to the process before or after the
// start, or by the app itself, and print what they are told, a monitor with a + for each listener.
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'
import { load, unload } from 'signal-exit'

// The test runner uses it in all processes that its tests start.
unload()
const { emit } = process
const options = JSON.parse(process.argv[2])
const listeners = (process.argv[3] ?? '').split(',').map(text => text.split(':'))

// Past the console, which goes to the log where the listeners of the app use it.
const print = (...words) => process.stdout.write(`${words.join(' ')}\n`)
const listen = time => {
  for (const [event, method, when] of listeners) {
    if (when !== time) continue
    process[method](event, error => {
      const isMonitor = event === 'uncaughtExceptionMonitor'
      const seen = isMonitor ? process.listeners('uncaughtException').map(() => '+') : []
      print(`${event} ${method} ${when}: ${error.message}`, ...seen)
    })
  }
}
process.on('exit', code => console.log(`exit ${code}`))
listen('before')
globalThis.listenForErrors = () => listen('app')

const fail = () => {
  throw new Error('Left by Fastify')
}
const kinds = {
  timer: () => setTimeout(fail),
  tick: () => process.nextTick(fail),
  microtask: () => queueMicrotask(fail),
  rejection: () => void Promise.reject(new Error('Left by Fastify')),
  reason: () => void Promise.reject('Left by Fastify'),
  late: async () => {
    const rejected = Promise.reject(new Error('Left by Fastify'))
    await turn()
    await rejected.catch(() => {})
  },
  listen: () => process.on('uncaughtException', ({ message }) => console.log(`late: ${message}`)),
  'exit-on': load,
  'exit-off': unload
}

const fastify = Fastify({ logger: true })
fastify.get('/own/:kind', async ({ params }) => {
  void kinds[params.kind]()
  return 'Done'
})
fastify.get('/later', () => sleep(10, 'Done'))
fastify.addHook('onSend', async ({ headers }) => void kinds[headers['on-send']]?.())
fastify.addHook('onResponse', async ({ headers }) => void kinds[headers['on-response']]?.())
if (options) await fastify.register(fastifyNext, options)
process.on('SIGTERM', async () => {
  await fastify.close()
  for (const event of process.eventNames()) {
    console.log(`${String(event)} has ${process.listeners(event).map(() => '+')}`)
  }
  console.log(`Its own: ${Object.keys(process)}`)
  unload()
  console.log(`emit is ${process.emit === emit ? 'the same' : 'another'}`)
})
const url = await fastify.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 0) })
listen('after')
console.log(`Listening on ${url}`)
