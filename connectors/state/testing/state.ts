/** A state database of its own for a test, and short words for its tables. */
import type pg from 'pg'
import { testDatabase } from '../../erp/testing/test-erp.ts'
import type { Carried } from '../changes/delivery.ts'
import { acquireLease, type Lease } from '../runs/leases.ts'

export const schema = new URL('../../../sql/state/', import.meta.url)

export interface StateBed {
  readonly pool: pg.Pool
  readonly url: string
  readonly lease: Lease
  /** Status, hash and sends of every change of a key, oldest first. */
  history(key: string): Promise<{ run: string; status: string; hash: string; sends: number; doubt: boolean; letter: string }[]>
  /** A holder of a lease that has passed on: same name, former epoch. */
  former(): Promise<{ name: string; epoch: number }>
  close(): Promise<void>
}

export async function openStateBed(): Promise<StateBed> {
  const { pool, url, drop } = await testDatabase({ migrate: [schema] })
  const lease = (await acquireLease(pool, 'job', 'test', 60_000))!
  return {
    pool,
    url,
    lease,
    async history(key) {
      const { rows } = await pool.query(
        'select run_id as run, status, hash, sends, intent_at is not null as doubt, letter from changes where key = $1 order by id',
        [key],
      )
      return rows
    },
    async former() {
      const first = (await acquireLease(pool, 'other', 'first', 60_000))!
      await first.release()
      await acquireLease(pool, 'other', 'second', 60_000)
      return { name: first.name, epoch: first.epoch }
    },
    async close() {
      await lease.release()
      await drop()
    },
  }
}

export const change = (run: string, key: string, hash = 'h1', letter = `${run}.json`): Carried => ({
  run,
  entity: 'leads.update',
  key,
  hash,
  letter,
  stray: false,
})
/** A line that names no run: letter and index stand for it. */
export const stray = (letter: string, index: number, key: string, hash = 'h1'): Carried => ({
  ...change(`${letter}:${index}`, key, hash, letter),
  stray: true,
})
