import { mariaDbMissing } from '../mysql/testing.ts'
import { mysqlErp } from './mysql.ts'
import { openHarness as openMysql } from './mysql-harness.ts'
import { oracleErp } from './oracle.ts'
import { openHarness as openOracle } from './oracle-harness.ts'
import { testSilence } from './silence.contract.ts'

if (!mariaDbMissing('connectors/erp/silence')) {
  testSilence('MariaDB', async () => {
    const it = await openMysql()
    return { url: it.database.url, connector: mysqlErp, outcome: 'erp.unreachable', close: it.close }
  })
  testSilence('the simulated Oracle', async () => {
    const it = await openOracle()
    return { url: it.url, connector: oracleErp, outcome: 'answers', close: it.close }
  })
}
