import { mariaDbMissing } from '../mysql/testing.ts'
import { openHarness } from './mysql-harness.ts'
import { testTriggers } from './triggers.contract.ts'

if (!mariaDbMissing('connectors/erp/triggers')) testTriggers('MariaDB', openHarness)
