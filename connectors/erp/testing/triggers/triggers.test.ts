import { openHarness } from '../contract/postgres-harness.ts'
import { testTriggers } from './triggers.contract.ts'

testTriggers('PostgreSQL', openHarness)
