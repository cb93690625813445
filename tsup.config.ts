import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/index.ts', 'src/context.ts'],
  format: ['esm', 'cjs'],
  target: 'node20',
  dts: true,
  shims: true,
  sourcemap: true,
  clean: true
})
