/** An ERP's database for tests of jobs, on any dialect: SQL beside the connector, in words that all of them know, with `$1` for values. */

import type pg from 'pg'
import { migrateMysqlErp } from '../../connectors/erp/dialects/mysql/install.ts'
import { migrateOracleErp } from '../../connectors/erp/dialects/oracle/install.ts'
import type { Dialect } from '../../connectors/erp/open.ts'
import { emptyDatabases } from '../../connectors/erp/testing/empty-databases.ts'
import { testDatabase } from '../../connectors/erp/testing/test-erp.ts'

/** What a pool of pg can do as well. */
export interface Queries {
  // biome-ignore lint/suspicious/noExplicitAny: rows of tests, as pg types them
  query(sql: string, values?: unknown[]): Promise<{ rows: any[] }>
}

export interface ErpSql extends Queries {
  /** Equal before and after: nothing was written to these tables. */
  versions(tables: readonly string[]): Promise<string>
}

export interface ErpDatabase {
  readonly url: string
  readonly sql: ErpSql
  /** PostgreSQL only. */
  readonly pool: pg.Pool | null
  drop(): Promise<void>
}

/** A migrated, empty ERP of its own. */
export async function erpDatabase(dialect: Dialect): Promise<ErpDatabase> {
  if (dialect === 'postgres') return onPostgres()
  const { url, pool, close } = await emptyDatabases[dialect]()
  await (dialect === 'oracle' ? migrateOracleErp : migrateMysqlErp)(url)
  const query: Queries['query'] = async (sql, values = []) => {
    const given: string[] = []
    const text = sql.replace(/\$(\d+)/g, (_, n) => {
      given.push(values[Number(n) - 1] as string)
      return '?'
    })
    // Prepared: escapes in literals would mean something else to a session in Oracle mode.
    const [rows] = await pool.execute(
      text,
      given.map((value) => (value === null || value === undefined ? null : String(value))),
    )
    return { rows: Array.isArray(rows) ? rows : [] }
  }
  return {
    url,
    pool: null,
    sql: {
      query,
      // The contents whole: CHECKSUM TABLE also sees what lies under a null.
      async versions(tables) {
        const contents = []
        for (const table of tables) contents.push((await query(`select * from ${table}`)).rows.map((row) => JSON.stringify(row)).sort())
        return JSON.stringify(contents)
      },
    },
    drop: close,
  }
}

async function onPostgres(): Promise<ErpDatabase> {
  const { url, pool, drop } = await testDatabase({ migrate: [new URL('../../sql/postgres/', import.meta.url)] })
  return {
    url,
    pool,
    sql: {
      query: (sql, values) => pool.query(sql, values),
      // Physical versions of the rows: a row that was written with the values it had counts too.
      async versions(tables) {
        const parts = tables.map((table) =>
          pool.query(`select coalesce(md5(string_agg(ctid::text || xmin::text, ',' order by ctid)), '') as v from ${table}`),
        )
        return (await Promise.all(parts)).map(({ rows }) => rows[0].v).join()
      },
    },
    drop,
  }
}
