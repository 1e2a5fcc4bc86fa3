/**
 * Fills an empty ERP with demo data in one transaction: all of it or nothing. A kill leaves the database as it was.
 *
 * Triggers are off in this transaction, for nobody else: the rows of the mirror agree with the ERP, so its triggers would have nothing to
 * do, a million times over. A superuser loads with `session_replication_role = replica`, which leaves out the foreign keys' triggers
 * too and takes half the time (the tests check every foreign key afterwards); an owner of the tables disables the mirror's triggers
 * alone, and every foreign key is checked as usual. Primary keys, checks and indexes are kept up in both cases.
 */
import { once } from 'node:events'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { PonteError } from '../../../base/error.ts'
import type { Cell } from '../../../engine/model.ts'
import { inTransaction } from '../../pg/transaction.ts'
import type { Client } from './client.ts'
import { FIRST_CLIENT_CODE } from './client.ts'
import { MOST_CONTACTS } from './contacts.ts'
import { copyLine } from './copy-text.ts'
import { count, type DemoCounts, emptyTally } from './counts.ts'
import { type DemoData, generateDemoData } from './generate.ts'
import type { DemoOptions, Settings } from './options.ts'

export interface LoadOptions extends DemoOptions {
  /** Empty the tables first. Refused unless what they hold is demo data. */
  readonly replace?: boolean
  /** Clients made and copied at a time; changes memory and speed, never the data. Default 5,000. */
  readonly batchSize?: number
  readonly signal?: AbortSignal
}

export type OnProgress = (progress: { readonly branches: number; readonly of: number; readonly rows: number }) => void

export interface LoadResult extends DemoCounts {
  /** Rows of all tables. */
  readonly rows: number
  readonly seconds: number
}

/** PONTE_SETTINGS row that marks a database as ours to replace. */
const MARK = 'demo_data'
/** Filled by use, never by this room; emptied with the rest, since ids start again. */
const LEFTOVERS = ['error_log', 'log_execution_crm', 'ponte_inbox']
/** insufficient_privilege */
const NOT_ALLOWED = '42501'
/** Text gathered before it is handed to the socket, in characters. */
const PIECE = 65_536

/**
 * @throws PonteError `demo.not_empty` (the ERP holds data and `replace` is not set), `demo.not_demo` (`replace`, but the data is not
 *   ours), `demo.bad_option`; the signal's reason when it aborts. Nothing is changed then.
 */
export async function loadDemoData(pool: pg.Pool, options: LoadOptions, onProgress: OnProgress = () => {}): Promise<LoadResult> {
  const started = performance.now()
  const data = generateDemoData(options)
  const filled = await inTransaction(pool, async (client) => {
    const isReplica = await prepare(client, data, options.replace ?? false)
    const counts = await fill(client, data, options, onProgress)
    if (!isReplica) await client.query('alter table leads enable trigger user; alter table contacts enable trigger user')
    await finish(client, data.settings)
    return counts
  })
  await pool.query(`analyze ${namesOf(data).join(', ')}`)
  return { ...filled, seconds: (performance.now() - started) / 1000 }
}

const namesOf = (data: DemoData): string[] => [...data.reference, ...data.tables].map(({ name }) => name)

async function prepare(client: pg.PoolClient, data: DemoData, replace: boolean): Promise<boolean> {
  const names = namesOf(data)
  await client.query(`lock table ${names.join(', ')} in exclusive mode`)
  const { rows } = await client.query<{ full: boolean; ours: boolean }>(
    `select ${names.map((name) => `exists (select from ${name})`).join(' or ')} as full,
            exists (select from ponte_settings where name = '${MARK}') as ours`,
  )
  const { full, ours } = rows[0]!
  if (full && !replace) {
    throw new PonteError('demo.not_empty', 'the ERP database already holds data: demo data goes into an empty one', {
      hint: 'use another database; if this one is a demo ERP, --replace empties it first',
    })
  }
  if (full && !ours) {
    throw new PonteError('demo.not_demo', 'the ERP database holds data that is not demo data: it is not replaced', {
      hint: 'use another database; if this one may go, empty it by hand',
    })
  }
  if (full) await client.query(`truncate ${[...names, ...LEFTOVERS].join(', ')}`)
  return withoutTriggers(client)
}

/** True when the whole session is without triggers; false when only the mirror's are off. */
async function withoutTriggers(client: pg.PoolClient): Promise<boolean> {
  await client.query('savepoint triggers')
  try {
    await client.query('set local session_replication_role = replica')
    return true
  } catch (error) {
    if ((error as { code?: string }).code !== NOT_ALLOWED) throw error
    await client.query('rollback to savepoint triggers')
    await client.query('alter table leads disable trigger user; alter table contacts disable trigger user')
    return false
  }
}

async function fill(
  client: pg.PoolClient,
  data: DemoData,
  options: LoadOptions,
  onProgress: OnProgress,
): Promise<DemoCounts & { rows: number }> {
  const { settings } = data
  const tally = emptyTally()
  let rows = 0
  for (const table of data.reference) rows += await copy(client, table, table.rows)
  const flush = async (batch: readonly Client[]) => {
    for (const table of data.tables) rows += await copy(client, table, rowsOf(table, batch, settings))
    options.signal?.throwIfAborted()
    onProgress({ branches: tally.branches, of: settings.branches, rows })
  }
  let batch: Client[] = []
  for (const one of data.clients()) {
    count(tally, one)
    batch.push(one)
    if (batch.length < (options.batchSize ?? 5_000)) continue
    await flush(batch)
    batch = []
  }
  await flush(batch)
  return { ...tally, rows }
}

function* rowsOf(table: DemoData['tables'][number], batch: readonly Client[], settings: Settings): Generator<Cell[]> {
  for (const one of batch) yield* table.rows(one, settings)
}

/** Streams rows into a table; returns how many. */
async function copy(
  client: pg.PoolClient,
  table: { readonly name: string; readonly columns: readonly string[] },
  rows: Iterable<readonly Cell[]>,
): Promise<number> {
  let count = 0
  const stream = client.query(copyFrom(`copy ${table.name} (${table.columns.join(', ')}) from stdin`))
  const ended = once(stream, 'finish')
  // Listened to at once: a refusal may come while we wait for the socket.
  ended.catch(() => {})
  let piece = ''
  for (const row of rows) {
    piece += copyLine(row)
    count++
    if (piece.length < PIECE) continue
    if (!stream.write(piece)) await Promise.race([once(stream, 'drain'), ended])
    piece = ''
  }
  stream.end(piece)
  await ended
  return count
}

/** Sequences past the codes that were given, and the mark. */
async function finish(client: pg.PoolClient, { branches, seed, today }: Settings): Promise<void> {
  await client.query('select setval($1, $2), setval($3, $4)', [
    'seq_client_code',
    FIRST_CLIENT_CODE + branches,
    'seq_contact_code',
    (branches + 1) * MOST_CONTACTS,
  ])
  await client.query(
    `insert into ponte_settings (name, value, note) values ($1, $2, 'this database holds demo data and may be replaced by other demo data')
     on conflict (name) do update set value = excluded.value, note = excluded.note`,
    [MARK, `branches=${branches} seed=${seed} today=${today}`],
  )
}
