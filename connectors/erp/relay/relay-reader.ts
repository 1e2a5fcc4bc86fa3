/** Reads one range of a view through the relay of its extract. Imported by reader threads. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { PonteError } from '../../../base/error.ts'
import type { Frame, ReadRange } from '../../../engine/frame.ts'
import { CopyDecoder } from '../dialects/postgres/copy-decoder.ts'
import { HEAD, PART } from './relay.ts'
import { RowPackets } from './row-packets.ts'

/** The task's range goes with it: what the relay's dialect is asked is `{ query, range }`. */
export interface RelaySettings {
  /** Path of the relay's socket. */
  readonly relay: string
  /** What the rows come as: PostgreSQL's binary COPY, or MySQL's row packets. */
  readonly layout: 'copy' | 'row packets'
  readonly columns: number
  readonly query: unknown
}

/**
 * The rows of the range as frames of text.
 * @throws PonteError of the dialect, `erp.snapshot_lost`, `erp.short_read`; the signal's reason when aborted
 */
export const read: ReadRange = async function* (task, signal) {
  const { relay, layout, columns, query } = task.settings as RelaySettings
  signal.throwIfAborted()
  const socket = connect(relay)
  const onAbort = () => socket.destroy()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await once(socket, 'connect')
    socket.write(`${JSON.stringify({ query, range: task.range })}\n`)
    yield* decode(socket, layout === 'copy' ? new CopyDecoder(columns) : new RowPackets(columns))
    signal.throwIfAborted()
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw error instanceof PonteError ? error : lost(error)
  } finally {
    signal.removeEventListener('abort', onAbort)
    socket.destroy()
  }
}

async function* decode(socket: AsyncIterable<Buffer>, decoder: CopyDecoder | RowPackets): AsyncIterable<Frame> {
  /** What came of a head or of an error, which are read whole; rows are decoded as they come. */
  let begun: Buffer = Buffer.alloc(0)
  let rowBytes = 0
  for await (const chunk of socket) {
    let bytes = begun.length === 0 ? chunk : Buffer.concat([begun, chunk])
    while (bytes.length > 0) {
      if (rowBytes > 0) {
        const now = bytes.subarray(0, rowBytes)
        rowBytes -= now.length
        bytes = bytes.subarray(now.length)
        yield* decoder.decode(now)
      } else if (bytes.length < HEAD) break
      else if (bytes[0] === PART.rows) {
        rowBytes = bytes.readUInt32BE(1)
        bytes = bytes.subarray(HEAD)
      } else if (bytes.length < HEAD + bytes.readUInt32BE(1)) break
      else throw told(bytes.subarray(HEAD))
    }
    begun = bytes
  }
  const last = decoder.end()
  if (last !== undefined) yield last
}

function told(bytes: Buffer): PonteError {
  const { code, message, hint } = JSON.parse(bytes.toString()) as { code: string; message: string; hint: string }
  return new PonteError(code, message, { hint })
}

function lost(cause: unknown): PonteError {
  return new PonteError('erp.snapshot_lost', 'the moment that was to be read is gone: its extract was closed', {
    hint: 'the extract ended early: run again',
    cause,
  })
}
