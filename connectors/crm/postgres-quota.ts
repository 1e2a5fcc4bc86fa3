import type { Pool } from 'pg'
import { PonteError } from '../../base/error.ts'
import { type Quota, type QuotaOptions, quotaSettings, type Urgency } from './quota.ts'
import { type Look, turnstile } from './turnstile.ts'

export interface PostgresQuotaOptions extends QuotaOptions {
  /** Who is limited: one row of `quota`, e.g. `crm`. Processes that name the same resource share one quota. */
  readonly resource: string
  readonly random?: () => number
}

/**
 * The quota that all processes on one state database share. Each look is one statement, `quota_take` of
 * sql/state/0002_quota.sql: it locks the resource's row, reads the database's clock and either stamps a permit or says how
 * long to wait. Nothing is held while waiting, so a process may be killed at any instant: at worst one permit is lost for a
 * window.
 *
 * Limit and window are written to the row once per start; the last process to start decides for all.
 *
 * @throws RangeError for numbers that make no sense
 */
export function postgresQuota(pool: Pool, options: PostgresQuotaOptions): Quota {
  const { resource } = options
  const settings = quotaSettings(options)
  let registered: Promise<unknown> | null = null

  function register(): Promise<unknown> {
    registered ??= pool
      .query('select quota_register($1, $2, $3, $4)', [resource, settings.limit, settings.windowMs, settings.marginMs])
      .catch((cause) => {
        registered = null
        throw cause
      })
    return registered
  }

  async function look(urgency: Urgency): Promise<Look> {
    await register()
    const sql = 'select outcome, wait_ms from quota_take($1, $2)'
    const { rows } = await pool.query<{ outcome: Look['kind'] | 'unknown'; wait_ms: number }>(sql, [resource, urgency === 'urgent'])
    const row = rows[0]
    if (row === undefined || row.outcome === 'unknown') {
      // Someone emptied the table: write the row again, then look again.
      registered = null
      return { kind: 'full', waitMs: 1 }
    }
    return row.outcome === 'taken' ? { kind: 'taken' } : { kind: row.outcome, waitMs: row.wait_ms }
  }

  const guarded = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (cause) {
      throw new PonteError('crm.quota_unavailable', `the state database did not answer for the quota of ${resource}`, {
        hint: 'check STATE_DATABASE_URL and that database; nothing was sent to the CRM',
        cause,
      })
    }
  }

  return turnstile(
    {
      look: (urgency) => guarded(look(urgency)),
      block: (delayMs) =>
        guarded(register().then(() => pool.query('select quota_block($1, $2)', [resource, delayMs]))).then(() => undefined),
    },
    settings,
    options.random ?? Math.random,
  )
}
