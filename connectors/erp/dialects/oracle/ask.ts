/** Queries outside a transaction. */
import type { OraclePool } from './connection.ts'
import { erpError, isLost, isOra } from './errors.ts'
import { type Ask, rowsOf } from './rows.ts'

/** A query that lost its connection, or whose package was made anew, is asked once more. @throws PonteError of `erpError` */
export function asker(pool: OraclePool): Ask {
  return async <T extends object>(sql: string, binds: Parameters<Ask>[1] = {}) => {
    const once = () => pool.lend((connection) => rowsOf<T>(connection, sql, binds))
    try {
      return await once().catch((error) => {
        if (isLost(error) || isOra(error, 4061, 4068)) return once()
        throw error
      })
    } catch (error) {
      throw erpError(error)
    }
  }
}
