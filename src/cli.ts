#!/usr/bin/env node
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { bundle } from './bundle/bundle.js'
import { describeSizes } from './bundle/sizes.js'
import { compressBuild } from './compress.js'

const USAGE = `Usage: fastify-next compress [dir]
       fastify-next bundle <server file> [--dir <app>]... [--include <module>]... [--out <folder>]

After "next build":

compress  Puts brotli, gzip and zstd beside the scripts and styles of a build.
bundle    Puts the server and all that it needs into a folder that runs with nothing installed.
          --dir      where the app is, if not beside the server file
          --include  a module or package that the server loads by a computed name
          --out      the folder, by default ".next/bundle" of the app`

async function run(): Promise<void> {
  const { command, names, options } = readArguments()
  if (command === 'compress' && names.length <= 1 && Object.keys(options).length === 0) {
    console.log(`${await compressBuild(names[0] ?? '.')} files written`)
  } else if (command === 'bundle' && names.length === 1) {
    const { dir, include, out } = options
    const made = await bundle({ server: String(names[0]), dirs: dir, include, out })
    const { folder, files, missing } = made
    for (const message of missing) console.error(message)
    console.log(`${describeSizes(files)}\nStart it with "node ${startPath(folder)}"`)
  } else throw new TypeError(USAGE)
}

function readArguments() {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: {
        dir: { type: 'string', multiple: true },
        include: { type: 'string', multiple: true },
        out: { type: 'string' }
      }
    })
    const [command, ...names] = positionals
    return { command, names, options: values }
  } catch (cause) {
    throw new TypeError(USAGE, { cause })
  }
}

function startPath(folder: string): string {
  const path = join(folder, 'server.js')
  const fromHere = relative('', path)
  return fromHere.startsWith('..') ? path : fromHere
}

run().catch((error: Error) => {
  console.error(error.message)
  process.exitCode = 1
})
