/**
 * Flashback, as far as a reader needs it: whoever asks for the current SCN gets a consistent snapshot on a connection of its own, and
 * queries AS OF that SCN, of any session, are run there. It is kept until the session that asked is closed or asks again.
 */
import type { RowSource } from '../backend.ts'
import { OracleError } from '../oracle-error.ts'
import type { Link } from './link.ts'

export class Moments {
  readonly #open: () => Promise<Link>
  readonly #kept = new Map<string, Moment>()
  #latest = 0

  /** `open` gives a connection of its own. */
  constructor(open: () => Promise<Link>) {
    this.#open = open
  }

  /** Begins a snapshot, and resolves with its SCN. */
  async take(): Promise<string> {
    const link = await this.#open()
    await link.run('set transaction isolation level repeatable read')
    await link.run('start transaction with consistent snapshot, read only')
    // Microseconds: it grows, and that is all that a client may expect of it.
    this.#latest = Math.max(this.#latest + 1, Date.now() * 1000)
    const scn = String(this.#latest)
    this.#kept.set(scn, new Moment(link))
    return scn
  }

  /** Runs a query at that SCN. Throws OracleError 1555 when it is not kept any more, 8181 when it never was; MariaDB's error. */
  read(scn: string, query: (link: Link) => Promise<RowSource>): Promise<RowSource> {
    const moment = this.#kept.get(scn)
    if (moment) return moment.run(query)
    if (!(Number(scn) >= 0 && Number(scn) <= this.#latest)) {
      throw new OracleError(8181, 'specified number is not a valid system change number')
    }
    throw new OracleError(1555, `snapshot too old: SCN ${scn} is kept no more`)
  }

  release(scn: string | null): void {
    if (scn === null) return
    this.#kept.get(scn)?.end()
    this.#kept.delete(scn)
  }

  close(): void {
    for (const scn of [...this.#kept.keys()]) this.release(scn)
  }
}

/** One connection for all who read it: what one still has to come goes into memory when the next one asks. */
class Moment {
  readonly #link: Link
  #turn: Promise<unknown> = Promise.resolve()

  constructor(link: Link) {
    this.#link = link
  }

  run(query: (link: Link) => Promise<RowSource>): Promise<RowSource> {
    const next = this.#turn.then(async () => {
      await this.#link.settle()
      return query(this.#link)
    })
    this.#turn = next.catch(() => {})
    return next
  }

  end(): void {
    this.#link.destroy()
  }
}
