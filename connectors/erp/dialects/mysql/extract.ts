/**
 * One moment of the ERP, readable by many threads. MySQL cannot hand a snapshot to another connection, so the extract opens as many
 * connections as there are readers, all at one moment, and keeps them; reader threads reach them through the relay (relay.ts).
 */
import type mysql from 'mysql2/promise'
import { PonteError } from '../../../../base/error.ts'
import type { SourceRef } from '../../../../engine/model.ts'
import { type ErpView, views } from '../../../../records/kinds.ts'
import { hangUp, leave } from '../../../mysql/socket.ts'
import type { Extract } from '../../erp.ts'
import { openRelay, type Relay } from '../../relay/relay.ts'
import type { RelaySettings } from '../../relay/relay-reader.ts'
import { erpError, type MysqlError } from './errors.ts'
import { bytesOf, type RangeBounds, type RangeRequest } from './range.ts'
import { driverVersion, isKnown } from './raw-rows.ts'
import { rowsOf } from './rows.ts'
import { type MysqlSettings, openConnection } from './settings.ts'

/** What reader threads import; compiled code lies beside this file as .js. */
const READER = new URL(import.meta.url.endsWith('.ts') ? '../../relay/relay-reader.ts' : '../../relay/relay-reader.js', import.meta.url)
  .href
/** How long writers may be held up so that all connections begin at one moment, in seconds; a running long query delays the lock. */
const LOCK_SECONDS = 5
/**
 * An extract waits for its turn, and stands still while the engine stores what it got: no limit of the server's may end it then, in seconds.
 * MySQL and MariaDB each know some of them.
 */
const PATIENCE = [
  'wait_timeout = 28800',
  'net_write_timeout = 3600',
  'max_execution_time = 0',
  'max_statement_time = 0',
  'idle_transaction_timeout = 0',
  'idle_readonly_transaction_timeout = 0',
]

/**
 * @param readers ranges per source, and connections at most; 1 or more
 * @param driver version of mysql2: rows pass only one by that is known
 * @throws PonteError of `erpError`; `erp.unknown_view` from `source`
 */
export async function openMysqlExtract(settings: MysqlSettings, readers: number, driver = driverVersion): Promise<Extract> {
  const connections: mysql.Connection[] = []
  try {
    for (let n = 0; n < Math.max(1, readers); n += 1) connections.push(await openPatient(settings))
    const kept = await beginTogether(settings, connections)
    const discard = (connection: mysql.Connection) => endQuery(settings, connection)
    const relay = await openRelay(kept, { rows: bytesOf, discard, toError: erpError })
    return extractFrom(kept, relay, readers, isKnown(driver) ? 'row packets' : 'copy')
  } catch (error) {
    for (const connection of connections) hangUp(connection)
    throw erpError(error)
  }
}

async function openPatient(settings: MysqlSettings): Promise<mysql.Connection> {
  const connection = await openConnection(settings)
  // What a server does not know or allow stays as it is there; a connection that is lost fails with what comes next.
  for (const variable of PATIENCE) await connection.query(`set session ${variable}`).catch(() => {})
  return connection
}

/** Starts a snapshot on each connection while nobody may write; returns those that share one moment: all of them, or one. */
async function beginTogether(settings: MysqlSettings, connections: readonly mysql.Connection[]): Promise<mysql.Connection[]> {
  const begin = (connection: mysql.Connection) =>
    connection
      .query('set session transaction isolation level repeatable read')
      .then(() => connection.query('start transaction with consistent snapshot, read only'))
  const [first, ...others] = connections
  if (others.length > 0) {
    const locker = await openConnection(settings)
    try {
      await locker.query(`set lock_wait_timeout = ${LOCK_SECONDS}`)
      await locker.query('flush tables with read lock')
      await Promise.all(connections.map(begin))
      return [...connections]
    } catch (error) {
      // 1227, 1044: not granted. 1205: somebody's long statement is in the way.
      if (![1227, 1044, 1205].includes((error as MysqlError).errno ?? 0)) throw error
      settings.warn?.(
        'the ERP is read by one connection instead of several: its user may not lock for a moment (grant reload), or a long statement runs',
      )
    } finally {
      await leave(locker)
    }
    await Promise.all(others.map(leave))
  }
  await begin(first!)
  return [first!]
}

/** A server that computes would notice only when it sends that nobody listens any more. */
async function endQuery(settings: MysqlSettings, connection: mysql.Connection): Promise<void> {
  hangUp(connection)
  try {
    const other = await openConnection(settings)
    await other.query(`kill ${connection.threadId}`).finally(() => leave(other))
  } catch {
    // It is over already, or the server is away.
  }
}

function extractFrom(
  connections: readonly mysql.Connection[],
  relay: Relay<mysql.Connection>,
  readers: number,
  layout: RelaySettings['layout'],
): Extract {
  let closed: Promise<void> | undefined
  return {
    async source(view: ErpView, columns: readonly string[]): Promise<SourceRef> {
      const query = { view, columns, layout }
      checkNames(query)
      const settings: RelaySettings = { relay: relay.address, layout, columns: columns.length, query }
      try {
        const ranges = await relay.lend(async (connection) => {
          // Fails here, by name, rather than in every reader.
          await connection.query(`select ${columns.join(', ').toLowerCase()} from ${view} limit 0`)
          return cut(connection, view, readers)
        })
        return { module: READER, settings, ranges }
      } catch (error) {
        throw erpError(error)
      }
    },
    close() {
      closed ??= relay.close().then(() => Promise.all(connections.map(leave)).then(() => {}))
      return closed
    },
  }
}

/** `(from, to]` ranges of about equal counts, open at both ends, so that together they cover whatever the view holds. */
async function cut(connection: mysql.Connection, view: ErpView, readers: number): Promise<RangeBounds[]> {
  const { table, key } = views[view]
  const [size] = readers <= 1 ? [{ n: 0 }] : await rowsOf<{ n: string }>(connection, `select count(*) as n from ${table}`)
  const found: string[] = []
  for (let part = 1; part < readers; part += 1) {
    const at = Math.floor((Number(size!.n) * part) / readers)
    const [row] = await rowsOf<{ bound: string }>(connection, `select ${key} as bound from ${table} order by ${key} limit 1 offset ${at}`)
    if (row !== undefined) found.push(String(row.bound))
  }
  const bounds = [...new Set(found)]
  return [...bounds, null].map((to, index) => ({ from: bounds[index - 1] ?? null, to }))
}

function checkNames({ view, columns }: RangeRequest['query']): void {
  const bad = Object.hasOwn(views, view) ? columns.find((column) => !/^[A-Z][A-Z0-9_]*$/.test(column)) : view
  if (bad === undefined && columns.length > 0) return
  throw new PonteError('erp.unknown_view', `${bad ?? 'an empty column list'} is not a view or column that engines read`, {
    hint: 'this is a fault of the caller, report it',
  })
}
