/** Empty databases for tests that install the ERP themselves: MariaDB as it is, and MariaDB as the simulated Oracle. */
import mysql from 'mysql2/promise'
import { prepareForOracle } from '../../simulators/oracle-schema/load.ts'
import { forMariaDb } from '../../simulators/oracle-schema/rewrite.ts'
import { mariadbBackend, oracleMode } from '../../simulators/oracle-wire/mariadb/backend.ts'
import { startOracleSimulator } from '../../simulators/oracle-wire/simulator.ts'
import { testMariaDb } from '../mysql/testing.ts'
import type { Dialect } from './open.ts'

export interface EmptyDatabase {
  readonly dialect: Dialect
  /** As commands name it. */
  readonly title: string
  /** What a command reads to find it. */
  readonly variable: string
  readonly url: string
  /** Beside the connector, straight on MariaDB; statements may be several. */
  readonly pool: mysql.Pool
  /** What keeps the triggers of this session's writes out of the ERP. */
  readonly mirrorOnly: string
  close(): Promise<void>
}

export const emptyDatabases = {
  mysql: async (): Promise<EmptyDatabase> => {
    const { url, pool, drop } = await testMariaDb()
    return { dialect: 'mysql', title: 'MySQL', variable: 'MYSQL_URL', url, pool, mirrorOnly: "set @ponte_mirror_only = 'on'", close: drop }
  },
  oracle: async (): Promise<EmptyDatabase> => {
    const { url, pool, drop } = await testMariaDb({ sqlMode: oracleMode })
    const owner = await mysql.createConnection(url)
    await prepareForOracle(owner)
    await owner.end()
    const simulator = await startOracleSimulator({
      backend: mariadbBackend({ url, ddl: (statement) => forMariaDb(statement).sql }),
      users: { ponte: 's3cret' },
    })
    return {
      dialect: 'oracle',
      title: 'Oracle',
      variable: 'ORACLE_URL',
      url: `oracle://ponte:s3cret@127.0.0.1:${simulator.port}/PONTE`,
      pool,
      mirrorOnly: "call ponte_session.mirror_only('on')",
      close: async () => {
        await simulator.close()
        await drop()
      },
    }
  },
}
