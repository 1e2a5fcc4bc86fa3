/** 50 random histories on PostgreSQL, 1,000 with PONTE_TEST_LONG=1, and 20 beside a worker that is really killed. */
import { runs } from '../../engine/testing/runs.ts'
import { testConvergence } from './convergence.contract.ts'

testConvergence('postgres', { histories: runs(50, 1_000), kills: 20, timeout: runs(1_200_000, 4 * 3_600_000) })
