/** Reading sync_logs. */
import { type Database, rowsOf } from './database.ts'
import type { LogRow, LogStatus } from './types.ts'

/** Newest first; equal seconds by id. `limit` and `offset` are whole numbers. */
export async function readLogs(
  database: Database,
  page: { limit: number; offset: number; status?: LogStatus | undefined },
): Promise<LogRow[]> {
  const rows = await rowsOf<Omit<LogRow, 'created_at'> & { at: number }>(
    database,
    // Seconds since 1970 are the same in every time zone of session, server and driver.
    `select id, payload, status, unix_timestamp(created_at) as at, erp_id, attempts, error, duration_ms
       from sync_logs ${page.status === undefined ? '' : 'where status = ?'}
      order by created_at desc, id desc
      limit ${Math.trunc(page.limit)} offset ${Math.trunc(page.offset)}`,
    page.status === undefined ? [] : [page.status],
  )
  return rows.map(({ id, payload, status, at, ...added }) => ({
    ...{ id, payload, status },
    created_at: new Date(Number(at) * 1000).toISOString(),
    ...added,
  }))
}
