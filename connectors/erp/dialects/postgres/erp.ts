/** The ERP on PostgreSQL. Views and procedures are those of sql/postgres. */
import { refuseLetters } from '../../../pg/encoding.ts'
import type { Erp } from '../../erp.ts'
import { sqlErp } from '../../sql/erp.ts'
import { transactOn } from '../../sql/transact.ts'
import { postgresDialect, rowsOf, updateQuietly } from './dialect.ts'
import { erpError } from './errors.ts'
import { openPostgresExtract } from './extract.ts'
import { commandPool, type PostgresSettings } from './settings.ts'
import { postgresTransactions } from './transaction.ts'

/** Opens no connection until something is asked. @throws PonteError `erp.bad_url` */
export function postgresErp(settings: PostgresSettings): Erp {
  const pool = commandPool(settings)
  const told = (error: unknown) => Promise.reject(erpError(error))
  return {
    dialect: 'postgres',
    openExtract: (readers) => openPostgresExtract(settings, readers),
    ...sqlErp({
      dialect: postgresDialect,
      transact: transactOn(postgresTransactions(pool)),
      ask: (sql, values) => rowsOf(pool, sql, values).catch(told),
      updateQuietly,
    }),
    ping: () => refuseLetters(pool).catch(told),
    close: () => pool.end(),
  }
}
