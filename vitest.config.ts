import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      'packages/*/{src,test}/**/*.test.ts',
      'conformance/**/*.test.ts',
      'e2e/**/*.test.ts',
      'tools/**/*.test.ts',
      'examples/*/{src,test}/**/*.test.ts',
    ],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
  },
})
