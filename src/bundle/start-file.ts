/** The tree of what is bundled, below the folder: so the start file can't be in the place of another. */
export const TREE = 'files'

interface Start {
  /** Relative to the tree, as the directory in which the command ran. */
  server: string
  cwd: string
}

/**
 * The script that starts the bundle. The module of the server has to be the main one as ever:
 * CommonJS asks for `require.main`, others for `process.argv[1]`.
 */
export function startFile({ server, cwd }: Start): string {
  return `import { runMain } from 'node:module'
import { join } from 'node:path'

const tree = join(import.meta.dirname, ${JSON.stringify(TREE)})
// There is nothing here that a development server needs.
process.env.NODE_ENV = 'production'
// Paths in options and in process.cwd() mean what they meant where "fastify-next bundle" ran.
process.chdir(join(tree, ${JSON.stringify(cwd)}))
process.argv[1] = join(tree, ${JSON.stringify(server)})
runMain()
`
}
