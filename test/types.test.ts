import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { compile, type Project, sourceOf } from './helpers/compile.js'
import { installConsumer } from './helpers/consumer.js'

const ESM: Project = {
  type: 'module',
  extension: 'mts',
  compilerOptions: { module: 'nodenext', moduleResolution: 'nodenext' }
}
const CJS: Project = { ...ESM, type: undefined, extension: 'cts' }
const BUNDLED_ESM: Project = {
  type: 'module',
  extension: 'ts',
  compilerOptions: { module: 'esnext', moduleResolution: 'bundler' }
}
/** `preserve` takes `import` from the ESM and `require` from the CJS types: here both meet. */
const BUNDLED_CJS: Project = {
  extension: 'ts',
  compilerOptions: { module: 'preserve', moduleResolution: 'bundler' }
}

interface Case {
  name: string
  project: Project
  /** The sources that load the package in the ways that only this has. */
  loading: string[]
  /** What the name of a declaration that is read ends with. */
  endings: string[]
}

const CASES: Case[] = [
  { name: 'ESM with nodenext', project: ESM, loading: ['import'], endings: ['.d.ts'] },
  { name: 'CJS with nodenext', project: CJS, loading: ['require'], endings: ['.d.cts'] },
  { name: 'ESM with bundler', project: BUNDLED_ESM, loading: ['import'], endings: ['.d.ts'] },
  {
    name: 'CJS with bundler',
    project: BUNDLED_CJS,
    loading: ['import', 'require'],
    endings: ['.d.cts', '.d.ts']
  }
]

const SERVER = ['options', 'routes', 'replies', 'errors', 'rejected']
const APP = ['pages', 'instrumentation']
/** What a server is compiled with. Pages need the DOM, since React does. */
const ONLY_NODE = { types: ['node'] }
const DOM = { lib: ['es2023', 'dom', 'dom.iterable'] }

const consumer = await installConsumer(t)

t.test('the optional peer is not there', async t => {
  const { resolve } = createRequire(join(consumer.installed, 'package.json'))
  t.ok(resolve('fastify'))
  t.throws(() => resolve('@fastify/under-pressure'), { code: 'MODULE_NOT_FOUND' })
})

t.test('no declaration reaches into Next', async t => {
  const dist = join(consumer.installed, 'dist')
  const names = (await readdir(dist)).filter(name => /\.d\.[cm]?ts$/.test(name)).sort()
  t.strictSame(names.map(withoutHash), [
    'context.d.cts',
    'context.d.ts',
    'error-reporters.d.cts',
    'error-reporters.d.ts',
    'index.d.cts',
    'index.d.ts',
    'instrumentation.d.cts',
    'instrumentation.d.ts'
  ])
  for (const name of names) {
    const text = await readFile(join(dist, name), 'utf8')
    const lines = text.split('\n').filter(line => /['"]next['"/]|next\/dist/.test(line))
    t.strictSame(lines, [], name)
  }
})

for (const { name, project, loading, endings } of CASES) {
  t.test(`a server compiles as ${name}, libraries checked`, async t => {
    const compiled = await compile(consumer.dir, withOptions(project, ONLY_NODE), [
      ...SERVER,
      ...loading
    ])
    t.strictSame(compiled.all(), [])
    const declarations = ['error-reporters', 'index'].flatMap(file =>
      endings.map(ending => `dist/${file}${ending}`)
    )
    t.strictSame(compiled.filesOf('fastify-next').map(withoutHash), declarations)
    t.strictSame(compiled.filesOf('next'), [])
  })

  // Next's own declarations have errors, which only `skipLibCheck` hides.
  t.test(`pages compile as ${name}, the package checked`, async t => {
    const compiled = await compile(consumer.dir, withOptions(project, DOM), APP)
    t.strictSame(compiled.own(), [])
    // They are never loaded with `require`.
    const files = ['context', 'error-reporters', 'instrumentation']
    t.strictSame(
      compiled.filesOf('fastify-next').map(withoutHash),
      files.map(file => `dist/${file}${endings.at(-1)}`)
    )
    t.ok(compiled.filesOf('next').length > 0)
  })
}

t.test('what a consumer does wrong fails to compile', async t => {
  const sources = await Promise.all(['rejected', 'pages'].map(sourceOf))
  const broken = sources.map(({ name, text }) => ({
    name,
    text: text.replaceAll('@ts-expect-error', '')
  }))
  const wrong = sources.flatMap(({ name, text }) =>
    text.split('\n').flatMap((line, index) => {
      return line.trimStart().startsWith('// @ts-expect-error') ? [`${name}:${index + 2}`] : []
    })
  )
  t.ok(wrong.length > 30)
  for (const { name: kind, project } of CASES) {
    const compiled = await compile(consumer.dir, withOptions(project, DOM), broken)
    const found = compiled.own().map(problem => problem.replace(/\.\w+(:\d+) .*/s, '$1'))
    t.strictSame(found.sort(), wrong.sort(), kind)
  }
})

/** Of what several declarations have in common. */
function withoutHash(name: string): string {
  return name.replace(/(error-reporters)-\w+/, '$1')
}

function withOptions(project: Project, options: Project['compilerOptions']): Project {
  return { ...project, compilerOptions: { ...project.compilerOptions, ...options } }
}
