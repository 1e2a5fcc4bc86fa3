/** Empty databases for tests that install the ERP themselves: MariaDB as it is, and MariaDB as the simulated Oracle. */
import { randomBytes } from 'node:crypto'
import mysql from 'mysql2/promise'
import { prepareForOracle } from '../../../lab/simulators/oracle-schema/load.ts'
import { forMariaDb } from '../../../lab/simulators/oracle-schema/rewrite.ts'
import { mariadbBackend, oracleMode } from '../../../lab/simulators/oracle-wire/mariadb/backend.ts'
import { startOracleSimulator } from '../../../lab/simulators/oracle-wire/simulator.ts'
import { testMariaDb } from '../../mysql/testing.ts'
import type { Dialect } from '../open.ts'

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
  /** The same database for a user who may not have several connections read one moment of it. */
  restricted(): Promise<{ readonly url: string; close(): Promise<void> }>
  close(): Promise<void>
}

export const emptyDatabases = {
  mysql: async (): Promise<EmptyDatabase> => {
    const { url, pool, drop } = await testMariaDb()
    return {
      dialect: 'mysql',
      title: 'MySQL',
      variable: 'MYSQL_URL',
      url,
      pool,
      mirrorOnly: "set @ponte_mirror_only = 'on'",
      restricted: async () => {
        const restricted = new URL(url)
        const user = `few_${randomBytes(5).toString('hex')}`
        await pool.query(`create user ${user} identified by 'few'; grant all privileges on ${restricted.pathname.slice(1)}.* to ${user}`)
        restricted.username = user
        restricted.password = 'few'
        return { url: restricted.href, close: async () => void (await pool.query(`drop user ${user}`)) }
      },
      close: drop,
    }
  },
  oracle: async (): Promise<EmptyDatabase> => {
    const { url, pool, drop } = await testMariaDb({ sqlMode: oracleMode })
    const owner = await mysql.createConnection(url)
    await prepareForOracle(owner)
    await owner.end()
    const start = (flashback?: 'refused') =>
      startOracleSimulator({
        backend: mariadbBackend({ url, ddl: (statement) => forMariaDb(statement).sql, ...(flashback && { flashback }) }),
        users: { ponte: 's3cret' },
      })
    const urlOf = (port: number) => `oracle://ponte:s3cret@127.0.0.1:${port}/PONTE`
    const simulator = await start()
    return {
      dialect: 'oracle',
      title: 'Oracle',
      variable: 'ORACLE_URL',
      url: urlOf(simulator.port),
      pool,
      mirrorOnly: "call ponte_session.mirror_only('on')",
      restricted: async () => {
        const other = await start('refused')
        return { url: urlOf(other.port), close: () => other.close() }
      },
      close: async () => {
        await simulator.close()
        await drop()
      },
    }
  },
}
