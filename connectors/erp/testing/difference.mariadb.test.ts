import { mariaDbMissing } from '../../mysql/testing.ts'
import { openHarness } from './contract/mysql-harness.ts'
import { testDifference } from './difference.contract.ts'

const events = ['insert_erp', 'update_erp', 'insert_contact_erp', 'update_contact_erp', 'delete_contact_erp']

if (!mariaDbMissing('connectors/erp/difference'))
  testDifference(
    'MariaDB',
    openHarness,
    events.map((event) => `drop trigger trg_crm_${event}`),
  )
