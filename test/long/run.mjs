// The long lane: the tests with their full counts on each version of Node.js, and on each version of
// Next.js that the plugin supports and the tests don't use. With an argument only those versions:
// node run.mjs node, node run.mjs next
import { spawn } from 'node:child_process'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const NODES = ['20.19.0', '22', '24']
const NEXTS = ['16.2.11']

const root = fileURLToPath(new URL('../..', import.meta.url))
const results = []

function run(command, args, options = {}) {
  return new Promise(resolve => {
    const env = { ...process.env, LONG: '1', NEXT_TELEMETRY_DISABLED: '1', ...options.env }
    const child = spawn(command, args, { cwd: options.cwd ?? root, env, stdio: 'inherit' })
    child.on('close', resolve)
  })
}

async function record(name, status) {
  results.push(`${(await status) === 0 ? 'passed' : 'FAILED'} ${name}`)
}

const only = process.argv[2]

for (const version of only === 'next' ? [] : NODES) {
  await record(`Node.js ${version}`, run('npx', ['-y', '-p', `node@${version}`, '-c', 'npm test']))
}

for (const version of only === 'node' ? [] : NEXTS) {
  const fixtures = `${root}test/fixtures/.next-${version}`
  const filter = source => !/[\\/](\.next|\.next-[\d.]+|node_modules)$/.test(source)
  await rm(fixtures, { force: true, recursive: true })
  await mkdir(fixtures, { recursive: true })
  for (const name of ['app', 'based', 'plain', 'broken-config', 'broken-start']) {
    await cp(`${root}test/fixtures/${name}`, `${fixtures}/${name}`, { recursive: true, filter })
  }
  const { devDependencies } = JSON.parse(await readFile(`${root}package.json`, 'utf8'))
  const dependencies = {
    next: version,
    react: devDependencies.react,
    'react-dom': devDependencies.react
  }
  await writeFile(`${fixtures}/package.json`, JSON.stringify({ private: true, dependencies }))
  await run('npm', ['install', '--no-audit', '--no-fund'], { cwd: fixtures })
  const files = [
    'answers',
    'bodies',
    'close',
    'conf',
    'development',
    'failures',
    'hooks',
    'restart'
  ]
  await record(
    `Next.js ${version}`,
    run('npx', ['tap', '--disable-coverage', ...files.map(file => `test/${file}.test.ts`)], {
      env: { FIXTURES: fixtures }
    })
  )
  await rm(fixtures, { force: true, recursive: true })
}

console.log(`\n${results.join('\n')}`)
process.exitCode = results.some(result => result.startsWith('FAILED')) ? 1 : 0
