/** The ERP on Oracle. Views and procedures are those of sql/oracle. */
import type { Erp } from './erp.ts'
import { asker } from './oracle-ask.ts'
import { commandPool } from './oracle-connection.ts'
import { numbered, oracleDialect, oracleLink, updateQuietly } from './oracle-dialect.ts'
import { openOracleExtract } from './oracle-extract.ts'
import type { OracleSettings } from './oracle-settings.ts'
import { readTablespaces } from './oracle-tablespaces.ts'
import { inTransaction } from './oracle-transaction.ts'
import { sqlErp } from './sql-erp.ts'

/** Opens no connection until something is asked. `warn`: told, in a sentence, when it is read with less than was asked for. @throws PonteError `erp.bad_url` */
export function oracleErp(settings: OracleSettings, warn?: (text: string) => void): Erp {
  const pool = commandPool(settings)
  const ask = asker(pool)
  return {
    dialect: 'oracle',
    ...sqlErp({
      dialect: oracleDialect,
      transact: (_subject, work, committed) =>
        inTransaction(pool, (connection) => work(oracleLink(connection)), committed && ((connection) => committed(oracleLink(connection)))),
      ask: (sql, values) => ask(...numbered(sql, values)),
      updateQuietly,
    }),
    openExtract: (readers) => openOracleExtract(settings, readers, warn),
    tablespaces: () => readTablespaces(ask),
    close: () => pool.close(),
  }
}
