/** A request of the driver, taken apart: piggybacks that expect no answer, then one function. */
import { type ExecuteRequest, type ReexecuteRequest, readExecute, readReexecute } from './request-execute.ts'
import { WireError, WireReader } from './wire/reader.ts'

export const functions = {
  reexecute: 4,
  fetch: 5,
  logoff: 9,
  commit: 14,
  rollback: 15,
  reexecuteAndFetch: 78,
  execute: 94,
  lob: 96,
  closeCursors: 105,
  authPhaseTwo: 115,
  authPhaseOne: 118,
  cancelCursors: 120,
  endToEnd: 135,
  ping: 147,
  setSchema: 152,
} as const

export interface AuthRequest {
  readonly user: string
  readonly pairs: ReadonlyMap<string, string>
}

export type Request =
  | { readonly kind: 'protocol' | 'types' | 'commit' | 'rollback' | 'ping' | 'logoff' }
  | { readonly kind: 'auth-one' | 'auth-two'; readonly auth: AuthRequest }
  | { readonly kind: 'execute'; readonly execute: ExecuteRequest }
  | { readonly kind: 'reexecute'; readonly reexecute: ReexecuteRequest }
  | { readonly kind: 'fetch'; readonly cursor: number; readonly rows: number }
  | { readonly kind: 'unknown'; readonly code: number }

export interface Message {
  /** Cursors that the driver needs no more. */
  readonly closed: readonly number[]
  /** Cursors whose result it will not read to the end; it may execute them again. */
  readonly cancelled: readonly number[]
  readonly request: Request
}

const PROTOCOL = 1
const DATA_TYPES = 2
const FUNCTION = 3
const PIGGYBACK = 17

/** Throws WireError for bytes that are not laid out as the driver lays them out. */
export function readMessage(bytes: Buffer): Message {
  const from = new WireReader(bytes)
  const cursors = { closed: [] as number[], cancelled: [] as number[] }
  for (;;) {
    const type = from.u8()
    if (type === PROTOCOL) return { ...cursors, request: { kind: 'protocol' } }
    if (type === DATA_TYPES) return { ...cursors, request: { kind: 'types' } }
    const code = from.u8()
    from.u8()
    if (type === FUNCTION) return { ...cursors, request: readFunction(code, from) }
    if (type !== PIGGYBACK) throw new WireError(`message type ${type}`)
    readPiggyback(code, from, cursors)
  }
}

function readFunction(code: number, from: WireReader): Request {
  switch (code) {
    case functions.authPhaseOne:
      return { kind: 'auth-one', auth: readAuth(from) }
    case functions.authPhaseTwo:
      return { kind: 'auth-two', auth: readAuth(from) }
    case functions.execute:
      return { kind: 'execute', execute: readExecute(from) }
    case functions.reexecute:
    case functions.reexecuteAndFetch:
      return { kind: 'reexecute', reexecute: readReexecute(from, code === functions.reexecuteAndFetch) }
    case functions.fetch:
      return { kind: 'fetch', cursor: from.ub(), rows: from.ub() }
    case functions.commit:
      return { kind: 'commit' }
    case functions.rollback:
      return { kind: 'rollback' }
    case functions.ping:
      return { kind: 'ping' }
    case functions.logoff:
      return { kind: 'logoff' }
    default:
      return { kind: 'unknown', code }
  }
}

function readAuth(from: WireReader): AuthRequest {
  const hasUser = from.u8() === 1
  from.skipUbs(2)
  from.u8()
  const count = from.ub()
  from.skip(2)
  const user = hasUser ? (from.bytes()?.toString('utf8') ?? '') : ''
  const pairs = new Map<string, string>()
  for (let n = 0; n < count; n += 1) {
    pairs.set(from.text(), from.text())
    from.ub()
  }
  return { user, pairs }
}

function readPiggyback(code: number, from: WireReader, { closed, cancelled }: { closed: number[]; cancelled: number[] }): void {
  switch (code) {
    case functions.closeCursors:
    case functions.cancelCursors: {
      from.u8()
      const to = code === functions.closeCursors ? closed : cancelled
      for (let left = from.ub(); left > 0; left -= 1) to.push(from.ub())
      return
    }
    case functions.setSchema:
      from.u8()
      from.text()
      return
    case functions.endToEnd:
      skipEndToEnd(from)
      return
    default:
      throw new WireError(`piggyback ${code}`)
  }
}

/** Module, action, client identifier and the like: read, so that what follows is found, and not kept. */
function skipEndToEnd(from: WireReader): void {
  const lengths: number[] = []
  const announced = () => {
    from.u8()
    lengths.push(from.ub())
  }
  from.skip(2)
  from.ub()
  for (let n = 0; n < 4; n += 1) announced()
  from.u8()
  from.ub()
  announced()
  for (let n = 0; n < 2; n += 1) {
    from.u8()
    from.ub()
  }
  announced()
  for (const length of lengths) if (length > 0) from.bytes()
}
