/**
 * The contract of erp.ts on the simulated Oracle: the real driver, the wire, the schema of sql/oracle on MariaDB. With ORACLE_URL also on
 * that server, whose schema must be empty (oracle-server-harness.ts).
 */
import { mariaDbMissing } from '../../../mysql/testing.ts'
import { testErp } from '../../testing/contract/contract.ts'
import { openHarness } from '../../testing/contract/oracle-harness.ts'
import { openServerHarness } from '../../testing/contract/oracle-server-harness.ts'

if (!mariaDbMissing('connectors/erp/oracle')) testErp('Oracle over the wire', openHarness)

const { ORACLE_URL } = process.env
if (ORACLE_URL) testErp('the Oracle of ORACLE_URL', () => openServerHarness(ORACLE_URL))
