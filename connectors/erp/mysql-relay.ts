/**
 * Lends the connections of an extract to reader threads, which ask over a socket in a folder of our own user. A reader sends one line,
 * `{ view, columns, range }`, and gets its rows in PostgreSQL's binary COPY layout (copy-decoder.ts reads it), cut into parts:
 * one byte of kind (rows or error), the length as uint32, the bytes. Who hangs up early ends the query and its connection.
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type mysql from 'mysql2/promise'
import { PonteError } from '../../base/error.ts'
import { copyHeader, copyTrailer, copyTuple } from './copy-encoder.ts'
import { erpError } from './mysql-errors.ts'
import { type RangeRequest, rangeStatement } from './mysql-range.ts'

export interface Relay {
  /** Path of its socket. */
  readonly address: string
  /** Runs `work` on a connection that nobody reads from. @throws PonteError `erp.snapshot_lost` */
  lend<T>(work: (connection: mysql.Connection) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export const PART = { rows: 1, error: 2 } as const
const PART_BYTES = 256 * 1024

export async function openRelay(connections: readonly mysql.Connection[]): Promise<Relay> {
  const folder = await mkdtemp(join(tmpdir(), 'ponte-relay-'))
  const address = join(folder, 'socket')
  const desk = lendingDesk(connections)
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    void serve(socket, desk)
  })
  await once(server.listen(address), 'listening')
  // Nothing but a reader keeps the process alive.
  server.unref()
  return {
    address,
    lend: desk.lend,
    async close() {
      server.close()
      desk.close()
      for (const socket of sockets) socket.destroy()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** One borrower per connection at a time; the others wait in order. */
function lendingDesk(connections: readonly mysql.Connection[]) {
  const free = [...connections]
  const waiting: { give(connection: mysql.Connection): void; refuse(error: PonteError): void }[] = []
  let alive = connections.length
  const lost = () =>
    new PonteError('erp.snapshot_lost', 'the moment that was to be read is gone: its connection was closed', {
      hint: 'the extract ended early or the database restarted: run again',
    })
  const drop = () => {
    alive -= 1
    if (alive <= 0) for (const { refuse } of waiting.splice(0)) refuse(lost())
  }
  const borrow = async (): Promise<mysql.Connection> => {
    const connection = free.pop()
    if (connection !== undefined) return connection
    if (alive <= 0) throw lost()
    return new Promise((give, refuse) => waiting.push({ give, refuse }))
  }
  const giveBack = (connection: mysql.Connection) => {
    const next = waiting.shift()
    if (next === undefined) free.push(connection)
    else next.give(connection)
  }
  return {
    borrow,
    giveBack,
    drop,
    async lend<T>(work: (connection: mysql.Connection) => Promise<T>): Promise<T> {
      const connection = await borrow()
      try {
        return await work(connection)
      } finally {
        giveBack(connection)
      }
    },
    close() {
      alive = 0
      for (const { refuse } of waiting.splice(0)) refuse(lost())
    },
  }
}

type Desk = ReturnType<typeof lendingDesk>

async function serve(socket: Socket, desk: Desk): Promise<void> {
  try {
    const [line] = (await once(createInterface({ input: socket }), 'line')) as [string]
    const request = JSON.parse(line) as RangeRequest
    const connection = await desk.borrow()
    let whole = false
    try {
      await sendRange(socket, connection, request)
      whole = true
    } finally {
      if (whole) desk.giveBack(connection)
      else {
        // The query may still run: its connection goes with it.
        connection.destroy()
        desk.drop()
      }
    }
  } catch (error) {
    const { code, message, hint } = erpError(error)
    if (!socket.destroyed) socket.write(part(PART.error, Buffer.from(JSON.stringify({ code, message, hint }))))
  } finally {
    socket.end()
  }
}

async function sendRange(socket: Socket, connection: mysql.Connection, request: RangeRequest): Promise<void> {
  const rows = (connection as unknown as { connection: StreamingConnection }).connection
    .query({ sql: rangeStatement(request), rowsAsArray: true, typeCast: (field) => field.buffer() })
    .stream({ highWaterMark: 1_000 })
  let gathered: Buffer[] = [copyHeader]
  let bytes = 0
  const send = async () => {
    const whole = Buffer.concat(gathered)
    gathered = []
    bytes = 0
    if (!socket.write(part(PART.rows, whole))) await Promise.race([once(socket, 'drain'), once(socket, 'close')])
    if (socket.destroyed) throw new PonteError('erp.reader_gone', 'a reader hung up', { hint: 'its own error says why' })
  }
  for await (const row of rows) {
    const tuple = copyTuple(row as (Buffer | null)[])
    gathered.push(tuple)
    bytes += tuple.length
    if (bytes >= PART_BYTES) await send()
  }
  gathered.push(copyTrailer)
  await send()
}

/** The callback connection below mysql2's promises, which alone streams. */
interface StreamingConnection {
  query(options: { sql: string; rowsAsArray: true; typeCast: (field: { buffer(): Buffer | null }) => Buffer | null }): {
    stream(options: { highWaterMark: number }): AsyncIterable<unknown>
  }
}

function part(kind: number, bytes: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head[0] = kind
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}
