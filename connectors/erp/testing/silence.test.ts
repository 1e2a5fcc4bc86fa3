import { postgresErp } from '../dialects/postgres/erp.ts'
import { openHarness } from './contract/postgres-harness.ts'
import { testSilence } from './silence.contract.ts'

testSilence('PostgreSQL', async () => {
  const it = await openHarness()
  return { url: it.database.url, connector: postgresErp, outcome: 'erp.unreachable', close: it.close }
})
