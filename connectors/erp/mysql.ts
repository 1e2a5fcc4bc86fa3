/** The ERP on MySQL or MariaDB. Views and procedures are those of sql/mysql. */
import type { Erp } from './erp.ts'
import { mysqlDialect, mysqlLink, updateQuietly } from './mysql-dialect.ts'
import { erpError } from './mysql-errors.ts'
import { openMysqlExtract } from './mysql-extract.ts'
import { commandPool, type MysqlSettings } from './mysql-settings.ts'
import { inTransaction } from './mysql-transaction.ts'
import { sqlErp } from './sql-erp.ts'
import { upperKeys } from './text-rows.ts'

/** Opens no connection until something is asked. @throws PonteError `erp.bad_url` */
export function mysqlErp(settings: MysqlSettings): Erp {
  const pool = commandPool(settings)
  return {
    dialect: 'mysql',
    openExtract: (readers) => openMysqlExtract(settings, readers),
    ...sqlErp({
      dialect: mysqlDialect,
      transact: (subject, work) => inTransaction(pool, subject, (connection) => work(mysqlLink(connection))),
      ask: async (sql, values = []) => {
        try {
          return ((await pool.query(sql, [...values]))[0] as object[]).map(upperKeys)
        } catch (error) {
          throw erpError(error)
        }
      },
      updateQuietly,
    }),
    close: () => pool.end(),
  }
}
