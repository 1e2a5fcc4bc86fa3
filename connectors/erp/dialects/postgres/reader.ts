/** Reads one range of a view inside an exported snapshot. Imported by reader threads; one connection per range. */
import { connect } from 'node:net'
import pg from 'pg'
import copyStreams from 'pg-copy-streams'
import { PonteError } from '../../../../base/error.ts'
import type { Frame, ReadRange } from '../../../../engine/frame.ts'
import type { ErpView } from '../../../../records/kinds.ts'
import { CopyDecoder } from './copy-decoder.ts'
import { erpError } from './errors.ts'
import { clientConfig, type PostgresSettings, withoutLimits } from './settings.ts'

export interface RangeSettings {
  readonly connection: PostgresSettings
  /** Of `pg_export_snapshot`. */
  readonly snapshot: string
  readonly view: ErpView
  /** Upper-case names, checked by the extract. */
  readonly columns: readonly string[]
}

/** Key bounds `(from, to]` as decimal text; null is open. */
export interface RangeBounds {
  readonly from: string | null
  readonly to: string | null
}

/** Parts of a pg connection that its types leave out. */
type Backend = pg.Client & {
  processID: number | null
  secretKey: number | null
  connection: { stream: { destroy(): void } }
  host: string
  port: number
}

/**
 * The rows of `(from, to]` as frames of text.
 * @throws PonteError of `erpError`, `erp.snapshot_lost`, `erp.short_read`; the signal's reason when aborted
 */
export const read: ReadRange = async function* (task, signal) {
  const settings = task.settings as RangeSettings
  const client = new pg.Client(clientConfig(settings.connection, 'ponte-reader')) as Backend
  // Every failure reaches us through the query as well.
  client.on('error', () => {})
  const onAbort = () => cancel(client)
  signal.addEventListener('abort', onAbort, { once: true })
  let finished = false
  try {
    signal.throwIfAborted()
    await client.connect()
    signal.throwIfAborted()
    await client.query(withoutLimits)
    await client.query('begin isolation level repeatable read read only')
    await enterSnapshot(client, settings.snapshot)
    yield* copyRange(client, settings, task.range as RangeBounds)
    finished = true
  } catch (error) {
    throw signal.aborted ? signal.reason : erpError(error)
  } finally {
    signal.removeEventListener('abort', onAbort)
    if (finished) await client.end().catch(() => {})
    else cancel(client)
  }
}

async function* copyRange(client: pg.Client, settings: RangeSettings, range: RangeBounds): AsyncIterable<Frame> {
  const stream = client.query(copyStreams.to(copyStatement(settings, range), { highWaterMark: 1 << 20 }))
  const decoder = new CopyDecoder(settings.columns.length)
  for await (const chunk of stream) yield* decoder.decode(chunk as Buffer)
  const last = decoder.end()
  if (last !== undefined) yield last
  // The count comes with the command's completion, which precedes the answer to this.
  await client.query('commit')
  const { rowCount } = stream as unknown as { rowCount: number }
  if (rowCount !== decoder.rows) {
    throw new PonteError('erp.short_read', `a range of ${settings.view} holds ${rowCount} rows, ${decoder.rows} arrived`, {
      hint: 'the connection to the ERP is faulty: run again',
    })
  }
}

function copyStatement({ view, columns }: RangeSettings, { from, to }: RangeBounds): string {
  const list = columns.map((column) => pg.escapeIdentifier(column.toLowerCase())).join(', ')
  const limits = [from === null ? [] : `range_key > ${bound(from)}`, to === null ? [] : `range_key <= ${bound(to)}`].flat()
  const where = limits.length === 0 ? '' : ` where ${limits.join(' and ')}`
  return `copy (select ${list} from ${pg.escapeIdentifier(view)}${where}) to stdout (format binary)`
}

/** COPY takes no parameters, so a bound becomes part of the statement: digits only. */
function bound(value: string): string {
  if (/^-?\d{1,19}$/.test(value)) return value
  throw new PonteError('erp.bad_range', 'a range bound is not an integer', { hint: 'this is a fault of the caller, report it' })
}

async function enterSnapshot(client: pg.Client, snapshot: string): Promise<void> {
  try {
    await client.query(`set transaction snapshot ${pg.escapeLiteral(snapshot)}`)
  } catch (cause) {
    if (!['22023', '42704', '55000'].includes((cause as { code?: string }).code ?? '')) throw cause
    throw new PonteError('erp.snapshot_lost', 'the moment that was to be read is gone: its connection was closed', {
      hint: 'the extract ended early or the database restarted: run again',
      cause,
    })
  }
}

/** Ends the connection, and tells the server, which would otherwise notice only when it writes. */
function cancel(client: Backend): void {
  const { processID, secretKey } = client
  if (processID !== null && secretKey !== null && processID !== undefined) {
    const request = Buffer.alloc(16)
    request.writeInt32BE(16, 0)
    request.writeInt32BE(80_877_102, 4)
    request.writeInt32BE(processID, 8)
    request.writeInt32BE(secretKey, 12)
    const socket = client.host.startsWith('/') ? connect(`${client.host}/.s.PGSQL.${client.port}`) : connect(client.port, client.host)
    socket.on('error', () => {}).end(request)
    socket.unref()
  }
  client.connection.stream.destroy()
}
