import { testPackage } from './package.contract.ts'
import { openHarness } from './postgres-harness.ts'

testPackage('PostgreSQL', openHarness, 'pkg_crm_client.')
