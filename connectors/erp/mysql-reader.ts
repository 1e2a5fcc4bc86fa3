/** Reads one range of a view through the relay of its extract. Imported by reader threads. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { PonteError } from '../../base/error.ts'
import type { Frame, ReadRange } from '../../engine/frame.ts'
import { CopyDecoder } from './copy-decoder.ts'
import type { ErpView } from './erp.ts'
import type { RangeBounds, RangeRequest } from './mysql-range.ts'
import { PART } from './mysql-relay.ts'

export type { RangeBounds } from './mysql-range.ts'

export interface RangeSettings {
  /** Path of the relay's socket. */
  readonly relay: string
  readonly view: ErpView
  /** Upper-case names, checked by the extract. */
  readonly columns: readonly string[]
}

/**
 * The rows of `(from, to]` as frames of text.
 * @throws PonteError of `erpError`, `erp.snapshot_lost`, `erp.short_read`; the signal's reason when aborted
 */
export const read: ReadRange = async function* (task, signal) {
  const { relay, view, columns } = task.settings as RangeSettings
  signal.throwIfAborted()
  const socket = connect(relay)
  const onAbort = () => socket.destroy()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await once(socket, 'connect')
    const request: RangeRequest = { view, columns, range: task.range as RangeBounds }
    socket.write(`${JSON.stringify(request)}\n`)
    yield* decode(socket, columns.length)
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
