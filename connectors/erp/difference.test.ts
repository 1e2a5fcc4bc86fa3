import { testDifference } from './difference.contract.ts'
import { openHarness } from './postgres-harness.ts'

testDifference('PostgreSQL', openHarness, ['alter table leads disable trigger user', 'alter table contacts disable trigger user'])
