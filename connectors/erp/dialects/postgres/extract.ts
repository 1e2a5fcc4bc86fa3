/** One moment of the ERP, readable by many connections: a holder exports its snapshot, readers step into it. */
import pg from 'pg'
import { PonteError } from '../../../../base/error.ts'
import type { SourceRef } from '../../../../engine/model.ts'
import { type ErpView, views } from '../../../../records/kinds.ts'
import type { Extract } from '../../erp.ts'
import { erpError } from './errors.ts'
import type { RangeBounds, RangeSettings } from './reader.ts'
import { clientConfig, type PostgresSettings, withoutLimits } from './settings.ts'

/** Rows looked at to find equal ranges of a large table. */
const SAMPLE = 20_000

/** What reader threads import; compiled code lies beside this file as .js. */
const READER = new URL(import.meta.url.endsWith('.ts') ? './reader.ts' : './reader.js', import.meta.url).href

/**
 * Opens a repeatable-read, read-only transaction and keeps it until `close`. Every source opened from it sees that moment.
 * @param readers ranges per source, 1 or more
 * @throws PonteError of `erpError`; `erp.unknown_view` from `source`
 */
export async function openPostgresExtract(settings: PostgresSettings, readers: number): Promise<Extract> {
  const holder = new pg.Client(clientConfig(settings, 'ponte-extract'))
  // A holder that is lost makes every reader fail with a clear error; that is where it is reported.
  holder.on('error', () => {})
  try {
    await holder.connect()
    await holder.query(withoutLimits)
    await holder.query('begin isolation level repeatable read read only')
    const { rows } = await holder.query<{ snapshot: string }>('select pg_export_snapshot() as snapshot')
    return extractFrom(holder, settings, rows[0]!.snapshot, readers)
  } catch (error) {
    await holder.end().catch(() => {})
    throw erpError(error)
  }
}

function extractFrom(holder: pg.Client, settings: PostgresSettings, snapshot: string, readers: number): Extract {
  let closed: Promise<void> | undefined
  return {
    async source(view: ErpView, columns: readonly string[]): Promise<SourceRef> {
      const range: RangeSettings = { connection: settings, snapshot, view, columns }
      checkNames(range)
      try {
        await holder.query('savepoint source')
        // Fails here, by name, rather than in every reader.
        await holder.query(`select ${columns.map((column) => pg.escapeIdentifier(column.toLowerCase())).join(', ')} from ${view} limit 0`)
        return { module: READER, settings: range, ranges: await cut(holder, view, readers) }
      } catch (error) {
        await holder.query('rollback to savepoint source').catch(() => {})
        throw erpError(error)
      }
    },
    close() {
      closed ??= holder.end().catch(() => {})
      return closed
    },
  }
}

/** `(from, to]` ranges of about equal counts, open at both ends, so that together they cover whatever the view holds. */
async function cut(holder: pg.Client, view: ErpView, readers: number): Promise<RangeBounds[]> {
  if (readers <= 1) return [{ from: null, to: null }]
  const { table, key, where } = views[view]
  const size = await holder.query<{ rows: number }>(
    'select greatest(reltuples, 0)::float8 as rows from pg_class where oid = $1::regclass',
    [table],
  )
  const share = Math.min(100, (100 * SAMPLE) / Math.max(1, size.rows[0]?.rows ?? 0))
  const sample = share < 100 && !view.startsWith('insert_') ? `tablesample system (${share.toFixed(6)}) repeatable (1)` : ''
  const fractions = Array.from({ length: readers - 1 }, (_, index) => (index + 1) / readers)
  const { rows } = await holder.query<{ bounds: string[] | null }>(
    `select percentile_disc($1::float8[]) within group (order by ${key})::text[] as bounds from ${table} ${sample} where ${where}`,
    [fractions],
  )
  const bounds = [...new Set(rows[0]?.bounds ?? [])]
  return [...bounds, null].map((to, index) => ({ from: bounds[index - 1] ?? null, to }))
}

function checkNames({ view, columns }: RangeSettings): void {
  const bad = Object.hasOwn(views, view) ? columns.find((column) => !/^[A-Z][A-Z0-9_]*$/.test(column)) : view
  if (bad === undefined && columns.length > 0) return
  throw new PonteError('erp.unknown_view', `${bad ?? 'an empty column list'} is not a view or column that engines read`, {
    hint: 'this is a fault of the caller, report it',
  })
}
