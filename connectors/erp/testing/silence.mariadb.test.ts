import { mariaDbMissing } from '../../mysql/testing.ts'
import { mysqlErp } from '../dialects/mysql/erp.ts'
import { oracleErp } from '../dialects/oracle/erp.ts'
import { openHarness as openMysql } from './contract/mysql-harness.ts'
import { openHarness as openOracle } from './contract/oracle-harness.ts'
import { type SilenceHarness, testLostCommit, testSilence } from './silence.contract.ts'

if (!mariaDbMissing('connectors/erp/silence')) {
  const open = async (): Promise<SilenceHarness> => {
    const it = await openMysql()
    return { url: it.database.url, connector: mysqlErp, outcome: 'erp.unreachable', sql: it.sql, close: it.close }
  }
  testSilence('MariaDB', open)
  testLostCommit('MariaDB', open)
  testSilence('the simulated Oracle', async () => {
    const it = await openOracle()
    return { url: it.url, connector: oracleErp, outcome: 'answers', sql: it.sql, close: it.close }
  })
}
