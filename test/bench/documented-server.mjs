// The custom server of Next's documentation.
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [dir, port] = process.argv.slice(2)
const next = createRequire(join(dir, 'package.json'))('next')
const app = next({ dir, dev: false, hostname: '127.0.0.1', port: Number(port) })
await app.prepare()
const handle = app.getRequestHandler()
createServer((request, response) => handle(request, response)).listen(Number(port), '127.0.0.1')
