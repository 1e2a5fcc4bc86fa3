import { openHarness } from './postgres-harness.ts'
import { testTriggers } from './triggers.contract.ts'

testTriggers('PostgreSQL', openHarness)
