/** The contract of erp.ts on the simulated Oracle: the real driver, the wire, the schema of sql/oracle on MariaDB. */
import { mariaDbMissing } from '../mysql/testing.ts'
import { testErp } from './contract.ts'
import { openHarness } from './oracle-harness.ts'

if (!mariaDbMissing('connectors/erp/oracle')) testErp('Oracle over the wire', openHarness)
