import { mariaDbMissing } from '../../mysql/testing.ts'
import { openHarness } from './contract/mysql-harness.ts'
import { testPackage } from './package.contract.ts'

if (!mariaDbMissing('connectors/erp/package')) testPackage('MariaDB', openHarness, 'pkg_crm_client_')
