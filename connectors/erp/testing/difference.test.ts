import { openHarness } from './contract/postgres-harness.ts'
import { testDifference } from './difference.contract.ts'

testDifference('PostgreSQL', openHarness, ['alter table leads disable trigger user', 'alter table contacts disable trigger user'])
