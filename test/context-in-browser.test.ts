import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { editable } from './helpers/editable.js'
import { buildPlugin } from './helpers/process.js'

const run = promisify(execFile)
const nextBin = createRequire(import.meta.url).resolve('next/dist/bin/next')

const COMPONENT = `'use client'
import { getRequest } from 'fastify-next/context'
export default function Component() {
  return <button onClick={() => getRequest()}>Ask</button>
}
`

for (const bundler of ['turbopack', 'webpack']) {
  t.test(`a client component that asks for the request is not built: ${bundler}`, async t => {
    await buildPlugin()
    const { dir } = await editable(t, 'plain')
    await mkdir(join(dir, 'app', 'client'))
    await writeFile(join(dir, 'app', 'client', 'page.jsx'), COMPONENT)
    const env = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' } as const
    const build = run(process.execPath, [nextBin, 'build', dir, `--${bundler}`], { env })
    const { stdout, stderr } = await build.then(
      () => ({ stdout: '', stderr: '' }),
      (error: { stdout: string; stderr: string }) => error
    )
    t.match(
      stdout + stderr,
      'the context of fastify-next works on the server: give a client component'
    )
    t.match(stdout + stderr, 'client/page.jsx')
  })
}
