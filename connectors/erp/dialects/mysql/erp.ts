/** The ERP on MySQL or MariaDB. Views and procedures are those of sql/mysql. */
import type { Erp } from '../../erp.ts'
import { sqlErp } from '../../sql/erp.ts'
import { transactOn } from '../../sql/transact.ts'
import { upperKeys } from '../../text-rows.ts'
import { mysqlDialect, updateQuietly } from './dialect.ts'
import { erpError } from './errors.ts'
import { openMysqlExtract } from './extract.ts'
import { commandPool, type MysqlSettings } from './settings.ts'
import { mysqlTransactions } from './transaction.ts'

/** Opens no connection until something is asked. @throws PonteError `erp.bad_url` */
export function mysqlErp(settings: MysqlSettings): Erp {
  const pool = commandPool(settings)
  return {
    dialect: 'mysql',
    openExtract: (readers) => openMysqlExtract(settings, readers),
    ...sqlErp({
      dialect: mysqlDialect,
      transact: transactOn(mysqlTransactions(pool)),
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
