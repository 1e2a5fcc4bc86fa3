/** Installs or upgrades the integration's schema in an ERP on Oracle, as the schema's owner. */
import type oracledb from 'oracledb'
import { type MigrateResult, migrate } from '../../../oracle/migrate.ts'
import { oracleScripts } from '../../../oracle/scripts.ts'
import type { Session } from '../../../oracle/session.ts'
import { openConnection } from './connection.ts'
import { erpError } from './errors.ts'
import { rowsOf } from './rows.ts'

/** @throws PonteError `erp.*`, `oracle.*` */
export async function migrateOracleErp(url: string): Promise<MigrateResult> {
  const open: oracledb.Connection[] = []
  const session = async (): Promise<Session> => {
    const connection = await openConnection({ url })
    open.push(connection)
    return {
      run: async (sql) => ({ invalid: (await connection.execute(sql)).warning !== undefined }),
      rows: (sql) => rowsOf(connection, sql),
      commit: () => connection.commit(),
    }
  }
  try {
    return await migrate(await session(), await session(), await oracleScripts())
  } catch (error) {
    throw erpError(error)
  } finally {
    for (const connection of open) await connection.close({ drop: true }).catch(() => {})
  }
}
