#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { compressBuild } from './compress.js'

const USAGE = `Usage: fastify-next compress [dir]

Puts brotli, gzip and zstd beside the scripts and styles of a build, after "next build".`

async function run(): Promise<void> {
  const { positionals, values } = parseArgs({ strict: false })
  const [command, dir = '.', ...rest] = positionals
  const isKnown = command === 'compress' && rest.length === 0 && Object.keys(values).length === 0
  if (!isKnown) throw new TypeError(USAGE)
  const written = await compressBuild(dir)
  console.log(`${written} files written`)
}

run().catch((error: Error) => {
  console.error(error.message)
  process.exitCode = 1
})
