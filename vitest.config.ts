import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules', 'dist', 'data'],
    // Reader threads are TypeScript: piscina workers inherit this (architecture 9).
    execArgv: ['--import', 'tsx'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    env: { TZ: 'UTC' },
    // A suite that this machine cannot run registers nothing and prints its LEFT OUT line, which deploy/run-tests.ts counts.
    passWithNoTests: true,
  },
})
