import { postgresErp } from '../dialects/postgres/erp.ts'
import { openHarness } from './contract/postgres-harness.ts'
import { type SilenceHarness, testLostCommit, testSilence } from './silence.contract.ts'

const open = async (): Promise<SilenceHarness> => {
  const it = await openHarness()
  return { url: it.database.url, connector: postgresErp, outcome: 'erp.unreachable', sql: it.sql, close: it.close }
}
testSilence('PostgreSQL', open)
testLostCommit('PostgreSQL', open)
