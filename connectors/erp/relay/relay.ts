/**
 * Lends the connections of an extract to reader threads, which ask over a socket in a folder of our own user. For databases where only
 * a connection holds a moment. A reader sends one line, its request, and gets its rows in a layout that its dialect agreed on with it, cut
 * into parts: one byte of kind (rows or error), the length as uint32, the bytes. Who hangs up early ends the query and its connection.
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PonteError } from '../../../base/error.ts'

export interface Relay<C> {
  /** Path of its socket. */
  readonly address: string
  /** Runs `work` on a connection that nobody reads from. @throws PonteError `erp.snapshot_lost` */
  lend<T>(work: (connection: C) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** What a dialect does with its connections. `Request`: what its readers ask, plain data. */
export interface RelayDialect<C, Request> {
  /** Bytes that relay-reader.ts decodes; each is sent as it comes, so better large. */
  rows(connection: C, request: Request): AsyncIterable<Buffer>
  /** Ends a connection whose query may still run, and the query with it. `rows` under way then ends too. Never rejects. */
  discard(connection: C): Promise<void>
  toError(error: unknown): PonteError
}

export const PART = { rows: 1, error: 2 } as const
/** Bytes before each part. */
export const HEAD = 5

export async function openRelay<C, Request>(connections: readonly C[], dialect: RelayDialect<C, Request>): Promise<Relay<C>> {
  const folder = await mkdtemp(join(tmpdir(), 'ponte-relay-'))
  const address = join(folder, 'socket')
  const desk = lendingDesk(connections, dialect.discard)
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    void serve(socket, desk, dialect)
  })
  await once(server.listen(address), 'listening')
  // Nothing but a reader keeps the process alive.
  server.unref()
  return {
    address,
    lend: desk.lend,
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await desk.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** One borrower per connection at a time; the others wait in order. */
function lendingDesk<C>(connections: readonly C[], discard: (connection: C) => Promise<void>): Desk<C> {
  const free = [...connections]
  const lent = new Set<C>()
  const discarding: Promise<void>[] = []
  const waiting: { give(connection: C): void; refuse(error: PonteError): void }[] = []
  let alive = connections.length
  const lost = () =>
    new PonteError('erp.snapshot_lost', 'the moment that was to be read is gone: its connection was closed', {
      hint: 'the extract ended early or the database restarted: run again',
    })
  const borrow = async (): Promise<C> => {
    const connection = free.pop()
    if (connection === undefined && alive <= 0) throw lost()
    const got = connection ?? (await new Promise<C>((give, refuse) => waiting.push({ give, refuse })))
    lent.add(got)
    return got
  }
  const giveBack = (connection: C) => {
    if (!lent.delete(connection)) return
    const next = waiting.shift()
    if (next === undefined) free.push(connection)
    else next.give(connection)
  }
  const drop = (connection: C) => {
    if (!lent.delete(connection)) return
    discarding.push(discard(connection))
    alive -= 1
    if (alive <= 0) for (const { refuse } of waiting.splice(0)) refuse(lost())
  }
  return {
    borrow,
    giveBack,
    drop,
    async lend<T>(work: (connection: C) => Promise<T>): Promise<T> {
      const connection = await borrow()
      try {
        return await work(connection)
      } finally {
        giveBack(connection)
      }
    },
    async close() {
      alive = 0
      for (const { refuse } of waiting.splice(0)) refuse(lost())
      for (const connection of [...lent]) drop(connection)
      await Promise.all(discarding)
    },
  }
}

/** A connection is given back or dropped; what comes second does nothing. */
interface Desk<C> {
  borrow(): Promise<C>
  giveBack(connection: C): void
  /** The query on it may still run: the connection goes with it. */
  drop(connection: C): void
  lend<T>(work: (connection: C) => Promise<T>): Promise<T>
  /** Drops what is lent. */
  close(): Promise<void>
}

async function serve<C, Request>(socket: Socket, desk: Desk<C>, dialect: RelayDialect<C, Request>): Promise<void> {
  try {
    const lines = createInterface({ input: socket })
    // It repeats the socket's own: that of a reader that hung up with rows unread must not end the process.
    lines.on('error', () => {})
    const [line] = (await once(lines, 'line')) as [string]
    const request = JSON.parse(line) as Request
    const connection = await desk.borrow()
    // Noticed at once, not when the next rows come: they may be long in coming.
    const hungUp = () => desk.drop(connection)
    socket.on('close', hungUp)
    try {
      if (!socket.destroyed) await sendRows(socket, dialect.rows(connection, request))
      desk.giveBack(connection)
    } finally {
      desk.drop(connection)
      socket.off('close', hungUp)
    }
  } catch (error) {
    const { code, message, hint } = dialect.toError(error)
    if (!socket.destroyed) sendError(socket, Buffer.from(JSON.stringify({ code, message, hint })))
  } finally {
    socket.end()
  }
}

async function sendRows(socket: Socket, rows: AsyncIterable<Buffer>): Promise<void> {
  for await (const bytes of rows) {
    socket.cork()
    socket.write(head(PART.rows, bytes.length))
    const goOn = socket.write(bytes)
    socket.uncork()
    if (!goOn && !socket.destroyed) await drained(socket)
    if (socket.destroyed) throw new PonteError('erp.reader_gone', 'a reader hung up', { hint: 'its own error says why' })
  }
}

/** Or closed. Called hundreds of times a second: an AbortSignal each time would cost more than the bytes. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      socket.off('drain', over).off('close', over)
      resolve()
    }
    socket.on('drain', over).on('close', over)
  })
}

function sendError(socket: Socket, text: Buffer): void {
  socket.write(Buffer.concat([head(PART.error, text.length), text]))
}

function head(kind: number, length: number): Buffer {
  const bytes = Buffer.alloc(HEAD)
  bytes[0] = kind
  bytes.writeUInt32BE(length, 1)
  return bytes
}
