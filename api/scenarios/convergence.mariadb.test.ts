/** A few random histories on each of the other dialects, 100 with PONTE_TEST_LONG=1: what is theirs alone is a small part, the connector. */
import { mariaDbMissing } from '../../connectors/mysql/testing.ts'
import { runs } from '../../engine/testing/runs.ts'
import { testConvergence } from './convergence.contract.ts'

if (!mariaDbMissing('api/convergence'))
  for (const dialect of ['mysql', 'oracle'] as const) {
    testConvergence(dialect, { histories: runs(4, 100), kills: runs(2, 20), timeout: runs(1_200_000, 4 * 3_600_000) })
  }
