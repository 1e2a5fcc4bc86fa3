/** Fills an empty ERP with demo data in one transaction: all of it or nothing. A kill leaves the database as it was. */
import { PonteError } from '../../base/error.ts'
import type { Cell } from '../../engine/model.ts'
import { count, type DemoCounts, emptyTally } from './counts.ts'
import type { DemoDatabase, DemoLoading, DemoSession } from './database/database.ts'
import { type DemoData, generateDemoData } from './generate.ts'
import type { DemoOptions, Settings } from './options.ts'
import type { Client } from './records/client.ts'
import { FIRST_CLIENT_CODE } from './records/client.ts'
import { MOST_CONTACTS } from './records/contacts.ts'

export interface LoadOptions extends DemoOptions {
  /** Empty the tables first. Refused unless what they hold is demo data. */
  readonly replace?: boolean
  /** Clients made and written at a time; changes memory and speed, never the data. Default 5,000. */
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

/**
 * @throws PonteError `demo.not_empty` (the ERP holds data and `replace` is not set), `demo.not_demo` (`replace`, but the data is not
 *   ours), `demo.busy`, `demo.bad_option`; the signal's reason when it aborts. Nothing is changed then.
 */
export async function loadDemoData(database: DemoDatabase, options: LoadOptions, onProgress: OnProgress = () => {}): Promise<LoadResult> {
  const started = performance.now()
  const data = generateDemoData(options)
  const names = [...data.reference, ...data.tables].map(({ name }) => name)
  const filled = await database.load(names, async (loading) => {
    await makeRoom(loading, names, options.replace ?? false)
    const counts = await fill(loading, data, options, onProgress)
    const { branches } = data.settings
    await loading.reserveCodes({ client: FIRST_CLIENT_CODE + branches, contact: (branches + 1) * MOST_CONTACTS })
    await mark(loading, data.settings)
    return counts
  })
  return { ...filled, seconds: (performance.now() - started) / 1000 }
}

async function makeRoom(loading: DemoLoading, names: readonly string[], replace: boolean): Promise<void> {
  if (!(await holdsAnything(loading, names))) return
  if (!replace) {
    throw new PonteError('demo.not_empty', 'the ERP database already holds data: demo data goes into an empty one', {
      hint: 'use another database; if this one is a demo ERP, --replace empties it first',
    })
  }
  if ((await loading.rows('select name from ponte_settings where name = ?', [MARK])).length === 0) {
    throw new PonteError('demo.not_demo', 'the ERP database holds data that is not demo data: it is not replaced', {
      hint: 'use another database; if this one may go, empty it by hand',
    })
  }
  await loading.empty([...names, ...LEFTOVERS])
}

async function holdsAnything(session: DemoSession, names: readonly string[]): Promise<boolean> {
  for (const name of names) if ((await session.rows(`select 1 as n from ${name}`, [], 1)).length > 0) return true
  return false
}

async function fill(
  loading: DemoLoading,
  data: DemoData,
  options: LoadOptions,
  onProgress: OnProgress,
): Promise<DemoCounts & { rows: number }> {
  const { settings } = data
  const tally = emptyTally()
  let rows = 0
  for (const table of data.reference) rows += await loading.append(table, table.rows)
  const flush = async (batch: readonly Client[]) => {
    for (const table of data.tables) rows += await loading.append(table, rowsOf(table, batch, settings))
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

async function mark(loading: DemoLoading, { branches, seed, today }: Settings): Promise<void> {
  await loading.rows('delete from ponte_settings where name = ?', [MARK])
  await loading.rows('insert into ponte_settings (name, value, note) values (?, ?, ?)', [
    MARK,
    `branches=${branches} seed=${seed} today=${today}`,
    'this database holds demo data and may be replaced by other demo data',
  ])
}
