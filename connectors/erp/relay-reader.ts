/** Reads one range of a view through the relay of its extract. Imported by reader threads. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { PonteError } from '../../base/error.ts'
import type { Frame, ReadRange } from '../../engine/frame.ts'
import { CopyDecoder } from './copy-decoder.ts'
import { PART } from './relay.ts'

/** The task's range goes with it: what the relay's dialect is asked is `{ query, range }`. */
export interface RelaySettings {
  /** Path of the relay's socket. */
  readonly relay: string
  readonly columns: number
  readonly query: unknown
}

/**
 * The rows of the range as frames of text.
 * @throws PonteError of the dialect, `erp.snapshot_lost`, `erp.short_read`; the signal's reason when aborted
 */
export const read: ReadRange = async function* (task, signal) {
  const { relay, columns, query } = task.settings as RelaySettings
  signal.throwIfAborted()
  const socket = connect(relay)
  const onAbort = () => socket.destroy()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await once(socket, 'connect')
    socket.write(`${JSON.stringify({ query, range: task.range })}\n`)
    yield* decode(socket, columns)
    signal.throwIfAborted()
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw error instanceof PonteError ? error : lost(error)
  } finally {
    signal.removeEventListener('abort', onAbort)
    socket.destroy()
  }
}

async function* decode(socket: AsyncIterable<Buffer>, columns: number): AsyncIterable<Frame> {
  const decoder = new CopyDecoder(columns)
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of socket) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const end = 5 + rest.readUInt32BE(1)
      const bytes = rest.subarray(5, end)
      if (rest[0] === PART.error) throw told(bytes)
      yield* decoder.decode(bytes)
      rest = rest.subarray(end)
    }
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
