/** One moment of the ERP, readable by many connections: an SCN. Where the user may not read as of one, one connection reads for all. */
import oracledb from 'oracledb'
import { PonteError } from '../../../../base/error.ts'
import type { SourceRef } from '../../../../engine/model.ts'
import { type ErpView, views } from '../../../../records/kinds.ts'
import type { Extract } from '../../erp.ts'
import { openRelay, type Relay } from '../../relay/relay.ts'
import type { RelaySettings } from '../../relay/relay-reader.ts'
import { copyHeader, copyTrailer, copyTuple } from '../postgres/copy-encoder.ts'
import { openConnection } from './connection.ts'
import { erpError, isOra } from './errors.ts'
import { asOf, type RangeBounds, type RangeQuery, scnBind, stepsOf } from './range.ts'
import { pagesOf, type RangeSettings } from './reader.ts'
import { asText, rowsOf } from './rows.ts'
import type { OracleSettings } from './settings.ts'

/** What reader threads import; compiled code lies beside this file as .js. */
const moduleOf = (name: string): string => new URL(import.meta.url.endsWith('.ts') ? `${name}.ts` : `${name}.js`, import.meta.url).href
/** Rows of the base table per step: what a reader holds before it hands on, and what is read again after ORA-01555. */
const STEP_ROWS = 50_000
/** Not granted; not there for this user. */
const REFUSED = [1031, 942, 904, 4042, 6550, 41900]

/**
 * @param readers ranges per source, 1 or more
 * @param warn told, in a sentence without personal data, when one connection must read for all
 * @throws PonteError of `erpError`; `erp.unknown_view` from `source`
 */
export async function openOracleExtract(settings: OracleSettings, readers: number, warn?: (text: string) => void): Promise<Extract> {
  let holder: oracledb.Connection | undefined
  try {
    holder = await openConnection(settings)
    const scn = await takeScn(holder)
    if (scn !== null) return extractAtScn(holder, settings, scn, readers)
    warn?.(
      'the ERP is read by one connection instead of several: its user may not read as of an SCN (sql/oracle/grants.sql says what to grant)',
    )
    // Both sides must be of one moment all the same.
    await holder.execute('set transaction read only')
    return extractByRelay(holder, readers)
  } catch (error) {
    await holder?.close({ drop: true }).catch(() => {})
    throw erpError(error)
  }
}

/** The SCN of now, or null when this user may not ask for it or not read everything as of it. */
async function takeScn(holder: oracledb.Connection): Promise<string | null> {
  for (const query of ['select dbms_flashback.get_system_change_number as scn from dual', 'select current_scn as scn from v$database']) {
    try {
      const [row] = await rowsOf<{ SCN: string }>(holder, query)
      // The views, and the tables under them, by whose keys they are cut.
      const read = new Set(Object.entries(views).flatMap(([view, { table }]) => [view, table]))
      const probe = [...read].map((name) => `select 1 from ${name} as of scn ${row!.SCN} where 1 = 0`)
      await rowsOf(holder, probe.join(' union all '))
      return row!.SCN
    } catch (error) {
      if (!isOra(error, ...REFUSED)) throw error
    }
  }
  return null
}

function extractAtScn(holder: oracledb.Connection, settings: OracleSettings, scn: string, readers: number): Extract {
  let closed: Promise<void> | undefined
  return {
    source: (view, columns) =>
      told(async () => {
        const query = await queryOf(holder, view, columns, scn)
        const range: RangeSettings = { ...query, connection: settings }
        return { module: moduleOf('./reader'), settings: range, ranges: await cut(holder, view, scn, readers) }
      }),
    close() {
      closed ??= holder.close({ drop: true }).catch(() => {})
      return closed
    },
  }
}

async function extractByRelay(holder: oracledb.Connection, readers: number): Promise<Extract> {
  const relay = await openRelay<oracledb.Connection, RelayRequest>([holder], {
    rows: tuplesOf,
    discard: endQuery,
    toError: erpError,
  })
  return {
    source: (view, columns) =>
      told(async () => {
        const [query, ranges] = await relay.lend(
          async (connection) => [await queryOf(connection, view, columns, null), await cut(connection, view, null, readers)] as const,
        )
        const settings: RelaySettings = { relay: relay.address, layout: 'copy', columns: columns.length, query }
        return { module: moduleOf('../../relay/relay-reader'), settings, ranges }
      }),
    close: () => closeRelay(relay, holder),
  }
}

async function endQuery(connection: oracledb.Connection): Promise<void> {
  await connection.break().catch(() => {})
  await connection.close({ drop: true }).catch(() => {})
}

async function closeRelay(relay: Relay<oracledb.Connection>, holder: oracledb.Connection): Promise<void> {
  await relay.close()
  await holder.close({ drop: true }).catch(() => {})
}

interface RelayRequest {
  readonly query: RangeQuery
  readonly range: RangeBounds
}

async function* tuplesOf(connection: oracledb.Connection, { query, range }: RelayRequest): AsyncIterable<Buffer> {
  yield copyHeader
  for (const step of stepsOf(range)) {
    for await (const page of pagesOf(connection, query, step)) {
      yield Buffer.concat(page.map((row) => copyTuple(row.map((cell) => (cell === null ? null : Buffer.from(cell))))))
    }
  }
  yield copyTrailer
}

/** Fails here, by name, rather than in every reader; a DATE is asked for as text, so that no time zone touches it. */
async function queryOf(
  connection: oracledb.Connection,
  view: ErpView,
  columns: readonly string[],
  scn: string | null,
): Promise<RangeQuery> {
  checkNames(view, columns)
  const list = columns.join(', ').toLowerCase()
  const { metaData = [] } = await connection.execute(`select ${list} from ${view}${asOf(scn)} where 1 = 0`, scnBind(scn), asText)
  return { view, scn, expressions: columns.map((column, at) => expressionOf(column.toLowerCase(), metaData[at]?.dbType)) }
}

const FORMATS = new Map<unknown, string>([
  [oracledb.DB_TYPE_DATE, `YYYY-MM-DD"T"HH24:MI:SS`],
  [oracledb.DB_TYPE_TIMESTAMP, `YYYY-MM-DD"T"HH24:MI:SS.FF6`],
  [oracledb.DB_TYPE_TIMESTAMP_TZ, `YYYY-MM-DD"T"HH24:MI:SS.FF6TZH:TZM`],
  [oracledb.DB_TYPE_TIMESTAMP_LTZ, `YYYY-MM-DD"T"HH24:MI:SS.FF6`],
])

function expressionOf(column: string, type: unknown): string {
  const format = FORMATS.get(type)
  return format === undefined ? column : `to_char(${column}, '${format}')`
}

/** Ranges of about equal counts, each in steps; open at both ends, so that together they cover whatever the view holds. */
async function cut(connection: oracledb.Connection, view: ErpView, scn: string | null, readers: number): Promise<RangeBounds[]> {
  const { table, key } = views[view]
  const from = `from ${table}${asOf(scn)}`
  const [size] = await rowsOf<{ N: string }>(connection, `select count(*) as n ${from}`, scnBind(scn))
  const perReader = Math.max(1, Math.ceil(Number(size!.N) / STEP_ROWS / readers))
  const parts = Math.max(1, readers) * perReader
  const found =
    parts === 1
      ? []
      : await rowsOf<{ BOUND: string }>(
          connection,
          `select max(k) as bound from (select ${key} as k, ntile(${parts}) over (order by ${key}) as part ${from}) parted
            group by part order by part`,
          scnBind(scn),
        )
  // Twice the same bound is an empty step; the last part is open.
  const inner = [...new Set(found.slice(0, -1).map(({ BOUND }) => BOUND))]
  const bounds = [null, ...inner, null]
  const ranges: RangeBounds[] = []
  for (let at = 0; at < bounds.length - 1; at += perReader) ranges.push({ bounds: bounds.slice(at, at + perReader + 1) })
  return ranges
}

function checkNames(view: ErpView, columns: readonly string[]): void {
  const bad = Object.hasOwn(views, view) ? columns.find((column) => !/^[A-Z][A-Z0-9_]*$/.test(column)) : view
  if (bad === undefined && columns.length > 0) return
  throw new PonteError('erp.unknown_view', `${bad ?? 'an empty column list'} is not a view or column that engines read`, {
    hint: 'this is a fault of the caller, report it',
  })
}

async function told(work: () => Promise<SourceRef>): Promise<SourceRef> {
  try {
    return await work()
  } catch (error) {
    throw erpError(error)
  }
}
