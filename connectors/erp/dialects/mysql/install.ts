/** Installs or upgrades the integration's schema in an ERP on MySQL or MariaDB. */
import mysql from 'mysql2/promise'
import { type MigrateResult, migrate } from '../../../mysql/migrate.ts'
import { erpError } from './errors.ts'
import { connectionOptions } from './settings.ts'

const erpSchema = new URL('../../../../sql/mysql/', import.meta.url)

/** @throws PonteError `erp.*`, `mysql.*` */
export async function migrateMysqlErp(url: string): Promise<MigrateResult> {
  const pool = mysql.createPool({ ...connectionOptions({ url }), connectionLimit: 1 })
  try {
    return await migrate(pool, erpSchema)
  } catch (error) {
    throw erpError(error)
  } finally {
    await pool.end()
  }
}
