/** The contract of erp.ts on MariaDB. */
import { mariaDbMissing } from '../../../mysql/testing.ts'
import { testErp } from '../../testing/contract/contract.ts'
import { openHarness } from '../../testing/contract/mysql-harness.ts'

if (!mariaDbMissing('connectors/erp/mysql')) testErp('MariaDB', openHarness)
