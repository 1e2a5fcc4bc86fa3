/** Ticks on a real PostgreSQL: the state database. */
import { describe, expect, test, vi } from 'vitest'
import { nextTick } from '../../jobs/run/schedule.ts'
import { testDatabase } from '../erp/testing/test-erp.ts'
import { openGate } from '../testing/gate.ts'
import { postgresBackend } from './postgres.ts'
import { testQueueBackend } from './testing/contract.ts'

describe('the queue backend on PostgreSQL', () => {
  testQueueBackend(async () => {
    const { pool, url, drop } = await testDatabase()
    const gate = await openGate(url)
    return {
      open: (given) => postgresBackend(gate.url, given),
      hush: () => gate.hush(),
      async wipe() {
        const { rows } = await pool.query<{ name: string }>(
          `select quote_ident(tablename) as name from pg_tables where schemaname = 'bullmq' and tablename not like '%migration%'`,
        )
        const wipe = `truncate ${rows.map(({ name }) => `bullmq.${name}`).join(', ')}`
        // A worker that is at it holds locks in another order.
        if (rows.length > 0) await vi.waitFor(() => pool.query(wipe), { timeout: 20_000, interval: 10 })
      },
      close: () => gate.close().then(drop),
    }
  })

  test('a database that is away is told at once', async () => {
    await expect(postgresBackend('postgres://nobody@127.0.0.1:1/none', { nextTick, onError: () => {} })).rejects.toMatchObject({
      code: 'queue_backend.postgres_failed',
    })
  })
})
