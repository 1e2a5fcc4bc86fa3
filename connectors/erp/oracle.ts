/** The ERP on Oracle. Views and procedures are those of sql/oracle. */
import type { Erp } from './erp.ts'
import { asker } from './oracle-ask.ts'
import { commandPool } from './oracle-connection.ts'
import type { OracleSettings } from './oracle-settings.ts'

/** Opens no connection until something is asked. @throws PonteError `erp.bad_url` */
export function oracleErp(settings: OracleSettings): Pick<Erp, 'dialect' | 'ping' | 'close'> {
  const pool = commandPool(settings)
  const ask = asker(pool)
  return {
    dialect: 'oracle',
    ping: async () => {
      await ask('select 1 from dual')
    },
    close: () => pool.close(),
  }
}
