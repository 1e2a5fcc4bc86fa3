/** Single-run locks with an epoch (architecture 6): a holder that slept past its lease does nothing when it wakes. */
import type pg from 'pg'
import { PonteError } from '../../base/error.ts'

export interface Lease {
  readonly name: string
  /** Rises with every holder. Effects carry it, so that the database can refuse a stale one. */
  readonly epoch: number
  /** Aborts when the lease was lost: renewal found another holder, or came too late by the monotonic clock. */
  readonly signal: AbortSignal
  release(): Promise<void>
}

/**
 * Takes the lease, or answers null when somebody else holds it.
 * @param ttlMs how long the lease outlives its holder, milliseconds; it is renewed three times within
 */
export async function acquireLease(pool: pg.Pool, name: string, holder: string, ttlMs: number): Promise<Lease | null> {
  const { rows } = await pool.query<{ epoch: string }>(
    `insert into leases (name, holder, expires_at) values ($1, $2, clock_timestamp() + $3 * interval '1 millisecond')
     on conflict (name) do update set holder = excluded.holder, epoch = leases.epoch + 1, expires_at = excluded.expires_at
       where leases.expires_at < clock_timestamp()
     returning epoch`,
    [name, holder, ttlMs],
  )
  if (!rows[0]) return null
  const epoch = Number(rows[0].epoch)
  const lost = new AbortController()
  let renewedAt = performance.now()

  const loseIt = () =>
    lost.abort(
      new PonteError('lease.lost', `The lease of ${name} passed to another worker.`, {
        hint: 'Nothing to do: the other worker goes on. If this repeats, the machine is too slow or was suspended.',
      }),
    )
  const renew = async () => {
    const startedAt = performance.now()
    try {
      const { rowCount } = await pool.query(
        `update leases set expires_at = clock_timestamp() + $3 * interval '1 millisecond' where name = $1 and epoch = $2 and expires_at >= clock_timestamp()`,
        [name, epoch, ttlMs],
      )
      if (rowCount === 0) return loseIt()
      renewedAt = startedAt
    } catch {
      // The state database is away: effects fail on their own, and the lease ends by the clock below.
    }
    if (performance.now() - renewedAt > ttlMs) loseIt()
  }
  const timer = setInterval(renew, ttlMs / 3)
  timer.unref()

  return {
    name,
    epoch,
    signal: lost.signal,
    async release() {
      clearInterval(timer)
      await pool.query(`update leases set expires_at = '-infinity' where name = $1 and epoch = $2`, [name, epoch])
    },
  }
}
