/** 16 random histories on PostgreSQL and 8 beside a worker that is really killed; 1,000 and 20 with PONTE_TEST_LONG=1. */
import { runs } from '../../engine/testing/runs.ts'
import { testConvergence } from './convergence.contract.ts'

testConvergence('postgres', { histories: runs(16, 1_000), kills: runs(8, 20), timeout: runs(1_200_000, 4 * 3_600_000) })
