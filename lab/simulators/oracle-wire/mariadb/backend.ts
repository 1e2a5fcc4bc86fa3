/** MariaDB in Oracle mode behind the wire: each session of the driver has a connection, and so a transaction, of its own. */
import { type Connection, type ConnectionOptions, createConnection } from 'mysql2'
import type { Backend } from '../backend.ts'
import { asLogonError } from './errors.ts'
import { Link } from './link.ts'
import { Moments } from './moments.ts'
import { MariadbSession } from './session.ts'
import type { MariadbSettings } from './settings.ts'

/** With backslashes as ordinary characters and refusals instead of silent cuts, as in Oracle. */
export const oracleMode = 'ORACLE,EMPTY_STRING_IS_NULL,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE'

const SETUP = `set sql_mode = '${oracleMode}', time_zone = '+00:00', tx_isolation = 'READ-COMMITTED', collation_connection = @@collation_database`

export function mariadbBackend({ url, flashback = 'kept', ddl = (statement) => statement }: MariadbSettings): Backend {
  /** For killing what runs on others; opened when it is first needed. */
  let killer: Promise<Connection> | undefined
  const kill = async (thread: number) => {
    killer ??= connect(url)
    try {
      await run(await killer, `kill query ${thread}`)
    } catch (error) {
      // Lost, or never there: the next one tries anew.
      const lost = await killer?.catch(() => undefined)
      lost?.destroy()
      killer = undefined
      throw error
    }
  }
  const link = async () => new Link(await connect(url), kill)
  const moments = new Moments(link)
  return {
    async open() {
      try {
        return new MariadbSession(await link(), moments, { flashback, ddl })
      } catch (error) {
        throw asLogonError(error)
      }
    },
    async close() {
      moments.close()
      const open = await killer?.catch(() => undefined)
      open?.destroy()
    },
  }
}

async function connect(url: string): Promise<Connection> {
  const options: ConnectionOptions = { uri: url, charset: 'utf8mb4', supportBigNumbers: true, bigNumberStrings: true, dateStrings: true }
  const connection = createConnection(options)
  // A connection that ends between two statements is told at the next one.
  connection.on('error', () => {})
  await new Promise<void>((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()))
  })
  await run(connection, SETUP)
  return connection
}

function run(connection: Connection, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.query(sql, (error) => (error ? reject(error) : resolve()))
  })
}
