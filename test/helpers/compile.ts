import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import ts from 'typescript'
import { repositoryPath } from './process.js'

/** A file of `test/types`, by its name, or one of a test, by its text. */
type Source = string | { name: string; text: string }

export interface Project {
  /** Of its package.json; without it the package is CommonJS. */
  type?: 'module'
  /** Of its sources. */
  extension: 'ts' | 'mts' | 'cts'
  compilerOptions: Record<string, unknown>
}

interface Compiled {
  /** Problems in any file, those of libraries too. */
  all(): string[]
  /** Problems in the sources and in the package. */
  own(): string[]
  /** What the compiler has read of a package. */
  filesOf(name: string): string[]
}

const STRICT = {
  target: 'es2023',
  lib: ['es2023'],
  strict: true,
  noEmit: true,
  skipLibCheck: false
}

let projects = 0

/** Compiles sources as a user would, in a directory of their own below that of the consumer. */
export async function compile(
  consumer: string,
  { type, extension, compilerOptions }: Project,
  sources: Source[]
): Promise<Compiled> {
  const dir = join(consumer, `project-${projects++}`)
  await mkdir(dir)
  await writeFile(join(dir, 'package.json'), JSON.stringify({ private: true, type }))
  const paths = await Promise.all(
    sources.map(async source => {
      const { name, text } = typeof source === 'string' ? await sourceOf(source) : source
      const path = join(dir, `${name}.${extension}`)
      await writeFile(path, text)
      return path
    })
  )
  const { options, errors } = ts.convertCompilerOptionsFromJson(
    { ...STRICT, ...compilerOptions },
    dir
  )
  if (errors.length > 0) throw new Error(lines(errors).join('\n'))
  const host = { ...ts.createCompilerHost(options), getCurrentDirectory: () => dir }
  const program = ts.createProgram(paths, options, host)
  return {
    all: () => lines(ts.getPreEmitDiagnostics(program)),
    own: () => lines(ownDiagnostics(program, consumer)),
    filesOf: name => filesOf(program, name).sort()
  }
}

export async function sourceOf(name: string): Promise<{ name: string; text: string }> {
  return { name, text: await readFile(repositoryPath('test', 'types', `${name}.ts`), 'utf8') }
}

/** The peers are links, whose real paths are elsewhere. */
function ownDiagnostics(program: ts.Program, consumer: string): ts.Diagnostic[] {
  const files = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(consumer))
  return files.flatMap(file => [...ts.getPreEmitDiagnostics(program, file)])
}

function filesOf(program: ts.Program, name: string): string[] {
  const paths = program
    .getSourceFiles()
    .map(({ fileName }) => fileName.split('/node_modules/').at(-1))
  return paths.flatMap(path => (path?.startsWith(`${name}/`) ? [path.slice(name.length + 1)] : []))
}

function lines(diagnostics: readonly ts.Diagnostic[]): string[] {
  return diagnostics.map(({ file, start = 0, code, messageText }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, '\n')
    if (!file) return `TS${code} ${message}`
    const { line } = file.getLineAndCharacterOfPosition(start)
    return `${file.fileName.split('/').at(-1)}:${line + 1} TS${code} ${message}`
  })
}
