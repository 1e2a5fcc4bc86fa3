import './deploy/check-node.mjs'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Suites that take a minute or more. Begun last, one of them would have the machine to itself while the other core idles. */
const long = [
  'api/scenarios/convergence.test.ts',
  'cli/serve/watch.test.ts',
  'jobs/run/workers.test.ts',
  'deploy/install.test.ts',
  'cli/scenarios/scenarios.test.ts',
  'jobs/deals/commerce.test.ts',
  'jobs/scenarios/crash.test.ts',
  'api/scenarios/convergence.mariadb.test.ts',
  'lab/demo/demo.mariadb.test.ts',
]

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = long.findIndex((name) => moduleId.endsWith(`/${name}`))
      return place === -1 ? long.length : place
    }
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other))
  }
}

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules', 'dist', 'data'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    env: { TZ: 'UTC' },
    // A suite that this machine cannot run registers nothing and prints its LEFT OUT line, which deploy/run-tests.ts counts.
    passWithNoTests: true,
  },
})
