// The long lane: the tests with their full counts; the same with small ones on each other version of
// Node.js and of Next.js that the plugin supports; then the comparison with `next start` once more, with
// nothing from memory. With an argument only one of these: node run.mjs counts, … node, … next, … memory
import { spawn } from 'node:child_process'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const NODES = ['20.19.0', '22', '24']
const NEXTS = ['16.2.11']

const root = fileURLToPath(new URL('../..', import.meta.url))
const results = []

function run(command, args, options = {}) {
  return new Promise(resolve => {
    const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', ...options.env }
    const child = spawn(command, args, { cwd: options.cwd ?? root, env, stdio: 'inherit' })
    child.on('close', resolve)
  })
}

async function record(name, status) {
  results.push(`${(await status) === 0 ? 'passed' : 'FAILED'} ${name}`)
}

const only = process.argv[2]

if (!only || only === 'counts') {
  await record('full counts', run('npm', ['test', '--', '--timeout=7500'], { env: { LONG: '1' } }))
}

for (const version of only && only !== 'node' ? [] : NODES) {
  await record(`Node.js ${version}`, run('npx', ['-y', '-p', `node@${version}`, '-c', 'npm test']))
}

for (const version of only && only !== 'next' ? [] : NEXTS) {
  const fixtures = `${root}test/fixtures/.next-${version}`
  const filter = source => !/[\\/](\.next|node_modules)$/.test(source)
  await rm(fixtures, { force: true, recursive: true })
  await mkdir(fixtures, { recursive: true })
  const names = await readdir(`${root}test/fixtures`)
  for (const name of names.filter(name => !name.startsWith('.'))) {
    await cp(`${root}test/fixtures/${name}`, `${fixtures}/${name}`, { recursive: true, filter })
  }
  const { devDependencies } = JSON.parse(await readFile(`${root}package.json`, 'utf8'))
  const dependencies = {
    next: version,
    react: devDependencies.react,
    'react-dom': devDependencies.react
  }
  await writeFile(`${fixtures}/package.json`, JSON.stringify({ private: true, dependencies }))
  // Next would warn of a second lockfile.
  await run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], {
    cwd: fixtures
  })
  // Pages import the plugin, and that imports Next: a link would lead to the other one.
  await run('npm', ['run', 'build'])
  for (const name of ['package.json', 'dist']) {
    await cp(`${root}${name}`, `${fixtures}/node_modules/fastify-next/${name}`, { recursive: true })
  }
  const files = [
    'answers',
    'apps-in-scopes',
    'bodies',
    'close',
    'conf',
    'context',
    'development',
    'development-lock',
    'environment-of-apps',
    'error-pages',
    'failures',
    'faults-in-pages',
    'faults-of-caches',
    'faults-of-clients',
    'faults-of-disk',
    'forwarded-headers',
    'global-cache-handler',
    'graceful-close',
    'graceful-close-answers',
    'graceful-close-inject',
    'hooks',
    'logs',
    'migration',
    'next-internals-of-apps',
    'nothing-left',
    'own-requests',
    'plugins-compress',
    'plugins-helmet',
    'process-errors',
    'raw-handlers',
    'render-data',
    'rendered-answers',
    'rendered-pages',
    'reported-errors',
    'reported-errors-surroundings',
    'restart',
    'same-dir-twice',
    'several-apps',
    'several-apps-reversed',
    'several-caches',
    'several-use-caches',
    'start-failures',
    'static-files',
    'upgrade'
  ]
  await record(
    `Next.js ${version}`,
    run('npx', ['tap', '--disable-coverage', ...files.map(file => `test/${file}.test.ts`)], {
      env: { FIXTURES: fixtures }
    })
  )
  await rm(fixtures, { force: true, recursive: true })
}

if (!only || only === 'memory') {
  const names = await readdir(`${root}test`)
  const files = names.filter(name => /^same-answers-\w+\.test\.ts$/.test(name))
  await record(
    'nothing from memory',
    run(
      'npx',
      ['tap', '--disable-coverage', '--timeout=1800', ...files.map(name => `test/${name}`)],
      {
        env: { FROM_MEMORY: 'no', LONG: '1' }
      }
    )
  )
}

console.log(`\n${results.join('\n')}`)
process.exitCode = results.some(result => result.startsWith('FAILED')) ? 1 : 0
