/** The ERP on Oracle. Views and procedures are those of sql/oracle. */
import type { Erp } from '../../erp.ts'
import { sqlErp } from '../../sql/erp.ts'
import { transactOn } from '../../sql/transact.ts'
import { asker } from './ask.ts'
import { commandPool } from './connection.ts'
import { numbered, oracleDialect, updateQuietly } from './dialect.ts'
import { openOracleExtract } from './extract.ts'
import type { OracleSettings } from './settings.ts'
import { readTablespaces } from './tablespaces.ts'
import { oracleTransactions } from './transaction.ts'

/** Opens no connection until something is asked. `warn`: told, in a sentence, when it is read with less than was asked for. @throws PonteError `erp.bad_url` */
export function oracleErp(settings: OracleSettings, warn?: (text: string) => void): Erp {
  const pool = commandPool(settings)
  const ask = asker(pool)
  return {
    dialect: 'oracle',
    ...sqlErp({
      dialect: oracleDialect,
      transact: transactOn(oracleTransactions(pool)),
      ask: (sql, values) => ask(...numbered(sql, values)),
      updateQuietly,
    }),
    openExtract: (readers) => openOracleExtract(settings, readers, warn),
    tablespaces: () => readTablespaces(ask),
    close: () => pool.close(),
  }
}
