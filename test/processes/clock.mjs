// CLOCK_AT=MS node --import clock.mjs …: the clocks of the process stand at this time. A request to the
// port that it prints, with a number of ms as its path, has them go on by so much.
import { createServer } from 'node:http'
import { isMainThread } from 'node:worker_threads'

let time = Number(process.env.CLOCK_AT)
const { timeOrigin } = performance

Date.now = () => Math.floor(time)
performance.now = () => time - timeOrigin
if (isMainThread) {
  const server = createServer((request, response) => {
    time += Number(request.url.slice(1))
    response.end()
  })
  server.listen(0, '127.0.0.1', () => console.log(`Clock on ${server.address().port}`)).unref()
}
