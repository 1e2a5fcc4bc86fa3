import { openHarness } from './contract/postgres-harness.ts'
import { testPackage } from './package.contract.ts'

testPackage('PostgreSQL', openHarness, 'pkg_crm_client.')
