/**
 * The rows of a query as the server's own bytes, for who decodes them elsewhere. mysql2 sends the query, reads the columns and the end of the
 * result; the row packets between them pass it by. (MySQL documentation, Client/Server Protocol: a packet is the length of its
 * payload in 3 bytes, little-endian, a sequence number, the payload; EOF begins with 0xfe and is shorter than 9 bytes, ERR begins with 0xff.)
 * What is used of mysql2 lies behind its documentation: for one version, on which it was proven; with another one rows come as mysql2 gives them.
 */
import type { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import type mysql from 'mysql2/promise'
import { PonteError } from '../../../../base/error.ts'
import { socketOf } from '../../../mysql/socket.ts'
import { copyHeader, copyTrailer, copyTuple } from '../postgres/copy-encoder.ts'

/** What of mysql2's connection lies behind its promises; of this version, which is pinned. */
interface Core {
  packetParser: { execute(chunk: Buffer): void }
  sequenceId: number
  query(options: { sql: string }): EventEmitter
}

/** The version whose rows were held against this way. */
const KNOWN = '3.24.6'
export const { version: driverVersion } = createRequire(import.meta.url)('mysql2/package.json') as { version: string }

/** Whether rows may pass this driver by. */
export const isKnown = (version: string): boolean => version === KNOWN

/** Chunks of the socket, 64 KiB at most, that may wait for who reads them. */
const WAITING = 4
const HEADER = 4
/** A payload of this length goes on in the next packet: a row of 16 MiB. */
const CONTINUED = 0xffffff
/** mysql2's word for it. */
const LOST = 'PROTOCOL_CONNECTION_LOST'

/**
 * Whole and cut row packets in order, and at the end the packet that closes the result. Who stops early must destroy the connection.
 * @throws the driver's error; PonteError `erp.value_refused` on a row of 16 MiB or more
 */
export function rawRows(connection: mysql.Connection, sql: string): AsyncIterable<Buffer> {
  const core = (connection as unknown as { connection: Core }).connection
  const socket = socketOf(connection)
  const parser = core.packetParser
  const rows = new Readable({ objectMode: true, highWaterMark: WAITING, read: () => socket.resume() })
  const give = (chunk: Buffer) => {
    if (chunk.length > 0 && !rows.push(chunk)) socket.pause()
  }
  /** The columns are told; one more packet closes them. */
  let described = false
  let inRows = false
  let rest: Buffer = Buffer.alloc(0)
  const take = (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    while (!inRows && core.packetParser !== parser) {
      const end = at + HEADER + lengthAt(bytes, at)
      if (bytes.length < at + HEADER || bytes.length < end) break
      inRows = described
      parser.execute(bytes.subarray(at, end))
      at = end
    }
    if (inRows) at = pass(bytes, at)
    rest = bytes.subarray(at)
    // It is over: what is left, nothing as a rule, is mysql2's.
    if (core.packetParser === parser && rest.length > 0) parser.execute(rest)
  }
  /** Hands on rows from `at`; returns where what is not yet known begins. */
  let skip = 0
  const pass = (bytes: Buffer, start: number): number => {
    let at = start + skip
    while (at + HEADER < bytes.length) {
      const length = lengthAt(bytes, at)
      const kind = bytes[at + HEADER]!
      if (kind === 0xff || (kind === 0xfe && length < 9)) return close(bytes, start, at, length)
      if (length === CONTINUED) rows.destroy(tooLong())
      at += HEADER + length
    }
    // The next header may be here in part; the next row in part is the reader's.
    const known = Math.min(at, bytes.length)
    skip = at - known
    give(bytes.subarray(start, known))
    return known
  }
  const close = (bytes: Buffer, start: number, at: number, length: number): number => {
    const end = at + HEADER + length
    if (bytes.length < end) {
      give(bytes.subarray(start, at))
      skip = 0
      return at
    }
    // An error reaches the reader by itself.
    give(bytes.subarray(start, bytes[at + HEADER] === 0xff ? at : end))
    core.sequenceId = bytes[at + 3]!
    core.packetParser = parser
    return at
  }
  /** mysql2 tells nobody who reads a result that its connection is gone. */
  const lost = () => rows.destroy(Object.assign(new Error('the connection was closed in the middle of a result'), { code: LOST }))
  socket.on('close', lost)
  if (socket.destroyed) lost()
  const over = () => {
    core.packetParser = parser
    socket.off('close', lost)
  }
  const query = core.query({ sql })
  query.on('fields', () => {
    described = true
  })
  query.on('error', (error: Error) => {
    over()
    rows.destroy(error)
  })
  query.on('end', () => {
    over()
    rows.push(null)
  })
  core.packetParser = { execute: take }
  return rows as AsyncIterable<Buffer>
}

/** The rows as mysql2 reads them, text by text, in the layout of copy-encoder.ts. Who stops early must destroy the connection. @throws the driver's error */
export async function* driverRows(connection: mysql.Connection, sql: string): AsyncIterable<Buffer> {
  const { connection: core } = connection as unknown as { connection: { query(options: mysql.QueryOptions): { stream(): Readable } } }
  const rows = core.query({ sql, rowsAsArray: true, typeCast: (field) => field.string('utf8') }).stream()
  yield copyHeader
  for await (const row of rows as AsyncIterable<(string | null)[]>)
    yield copyTuple(row.map((cell) => (cell === null ? null : Buffer.from(cell))))
  yield copyTrailer
}

function lengthAt(bytes: Buffer, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)
}

function tooLong(): PonteError {
  return new PonteError('erp.value_refused', 'a row of the ERP is 16 MiB or longer', { hint: 'look for a text that does not belong there' })
}
