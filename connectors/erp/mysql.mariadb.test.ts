/** The contract of erp.ts on MariaDB. */
import { mariaDbMissing } from '../mysql/testing.ts'
import { testErp } from './contract.ts'
import { openHarness } from './mysql-harness.ts'

if (!mariaDbMissing('connectors/erp/mysql')) testErp('MariaDB', openHarness)
