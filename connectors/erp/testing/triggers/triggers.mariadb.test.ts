import { mariaDbMissing } from '../../../mysql/testing.ts'
import { openHarness } from '../contract/mysql-harness.ts'
import { testTriggers } from './triggers.contract.ts'

if (!mariaDbMissing('connectors/erp/triggers')) testTriggers('MariaDB', openHarness)
