import { defineConfig } from 'tsup'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    context: 'src/context.ts',
    'context-in-browser': 'src/context/in-browser.ts',
    'context-in-edge-runtime': 'src/context/in-edge-runtime.ts',
    // Turbopack would take a `src/instrumentation.ts` for that of every app below, such as the fixtures.
    instrumentation: 'src/instrumentation/in-nodejs-runtime.ts',
    'instrumentation-in-edge-runtime': 'src/instrumentation/in-edge-runtime.ts',
    cli: 'src/cli.ts',
    // Next imports it by its path.
    'guarded-cache-handler': 'src/next/guarded-cache-handler.ts',
    'shared-data-cache-handler': 'src/next/shared-data-cache-handler.ts'
  },
  format: ['esm', 'cjs'],
  target: 'node20',
  dts: {
    entry: {
      index: 'src/index.ts',
      context: 'src/context.ts',
      instrumentation: 'src/instrumentation/in-nodejs-runtime.ts'
    }
  },
  external: [/the context of fastify-next/],
  shims: true,
  sourcemap: true,
  clean: true
})
