/** Single-run locks with an epoch: a holder that slept past its lease does nothing when it wakes. */
import type pg from 'pg'
import { PonteError } from '../../../base/error.ts'
import { query } from '../query.ts'

/** What a statement needs to be refused when it comes from a former holder. */
export interface Fence {
  readonly name: string
  /** Rises with every holder. */
  readonly epoch: number
}

export interface Lease extends Fence {
  /** Aborts when the lease was lost: renewal found another holder, or came too late by the monotonic clock. */
  readonly signal: AbortSignal
  /** True while nobody else can have the lease, by the monotonic clock and without asking anybody. Once false, always false. */
  held(): boolean
  /** Frees it for the next. Never throws: what cannot be released ends by itself. */
  release(): Promise<void>
}

export const leaseLost = (name: string) =>
  new PonteError('lease.lost', `The lease of ${name} passed to another worker.`, {
    hint: 'Nothing to do: the other worker goes on. If this repeats, the machine is too slow or was suspended.',
  })

/** SQL: true when the fence in the two parameters still stands. Times are the state database's own. */
export const fenceHolds = (name: number, epoch: number) =>
  `exists (select from leases where name = $${name} and epoch = $${epoch} and expires_at >= clock_timestamp())`

/**
 * Takes the lease, or answers null when somebody else holds it.
 * @param holder for people who look into the table
 * @param ttlMs how long the lease outlives its holder, milliseconds; it is renewed three times within
 * @throws PonteError `state.unreachable`
 */
export async function acquireLease(pool: pg.Pool, name: string, holder: string, ttlMs: number): Promise<Lease | null> {
  // From before the statement, so that we stop believing in it before anybody else can have it.
  let validFrom = performance.now()
  const { rows } = await query<{ epoch: string }>(
    pool,
    `insert into leases (name, holder, expires_at) values ($1, $2, clock_timestamp() + $3 * interval '1 millisecond')
     on conflict (name) do update set holder = excluded.holder, epoch = leases.epoch + 1, expires_at = excluded.expires_at
       where leases.expires_at < clock_timestamp()
     returning epoch`,
    [name, holder, ttlMs],
  )
  if (!rows[0]) return null
  const epoch = Number(rows[0].epoch)
  const lost = new AbortController()

  const lose = () => {
    clearInterval(timer)
    if (!lost.signal.aborted) lost.abort(leaseLost(name))
  }
  const held = () => {
    if (!lost.signal.aborted && performance.now() - validFrom >= ttlMs) lose()
    return !lost.signal.aborted
  }
  const renew = async () => {
    if (!held()) return
    const startedAt = performance.now()
    try {
      const { rowCount } = await query(
        pool,
        `update leases set expires_at = clock_timestamp() + $3 * interval '1 millisecond' where name = $1 and epoch = $2 and expires_at >= clock_timestamp()`,
        [name, epoch, ttlMs],
      )
      if (rowCount === 0) lose()
      else validFrom = Math.max(validFrom, startedAt)
    } catch {
      // The state database is away: effects fail on their own, and the lease ends by the clock.
    }
  }
  const timer = setInterval(renew, ttlMs / 3)
  timer.unref()

  return {
    name,
    epoch,
    signal: lost.signal,
    held,
    async release() {
      clearInterval(timer)
      await query(pool, `update leases set expires_at = '-infinity' where name = $1 and epoch = $2`, [name, epoch]).catch(() => {})
    },
  }
}
