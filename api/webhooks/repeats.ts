/**
 * Senders repeat. A repeat is answered like the first, and writes nothing. Two stores are involved, so the order matters:
 *
 *   reserve  the event in the state database     crash here: a reservation without a letter counts as not received after 5 s
 *   write    the letter, durably                 crash here: nobody was answered; the sender repeats and gets a second letter,
 *                                                which does no harm, because the inbound jobs compare states
 *   mark     the reservation with the letter     crash here: the same
 *   answer                                       crash here: the same; the repeat is recognised
 *
 * The mark never comes before the letter, so a lost letter is never mistaken for a received one. The database is best effort:
 * when it is away, letters are written all the same.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import { markReceived, type Received, reserveReceived, type Verdict } from '../../connectors/state/webhooks.ts'
import { within } from '../within.ts'
import { createBatcher } from './batcher.ts'

export interface Repeats {
  /**
   * Writes the letter of an event unless it was received already.
   * @param write resolves with the letter's name when it is durable
   * @returns true when there is nothing new
   * @throws what `write` throws
   */
  once(event: Received, write: () => Promise<string>): Promise<boolean>
}

const PATIENCE_MS = 2_000
/** How long the database is left alone after it failed. */
const AWAY_MS = 5_000
const BUSY_MS = 6_000

export function createRepeats(state: pg.Pool, log: Logger): Repeats {
  const keysOf = ({ type, id, subject }: Received) =>
    id === null ? [subjectKey(type, subject)] : [subjectKey(type, subject), idKey(type, id)]
  const reservations = createBatcher<Received, Verdict>({
    keysOf,
    run: (batch) => within(PATIENCE_MS, reserveReceived(state, batch)),
    max: 200,
  })
  const marks = createBatcher<Received & { letter: string }, void>({
    keysOf,
    run: async (batch) => {
      await within(PATIENCE_MS, markReceived(state, batch))
      return []
    },
    max: 200,
  })
  const away = createOutage(log)

  /** null: nobody knows. */
  const judge = async (event: Received): Promise<Verdict | null> => {
    const until = performance.now() + BUSY_MS
    // Another process is writing this very event: wait for its mark, or until its reservation has ended.
    for (;;) {
      const verdict = await away.unless(() => reservations.push(event))
      if (verdict?.verdict !== 'busy') return verdict
      if (performance.now() > until) return null
      await sleep(250)
    }
  }
  const receive = async (event: Received, write: () => Promise<string>): Promise<{ letter: string | null; repeat: boolean }> => {
    const verdict = await judge(event)
    if (verdict?.verdict === 'repeat') {
      // Recognised by its body, perhaps: from now on by its id as well.
      if (event.id !== null && verdict.letter !== null) await away.unless(() => marks.push({ ...event, letter: verdict.letter! }))
      return { letter: verdict.letter, repeat: true }
    }
    const letter = await write()
    if (verdict) await away.unless(() => marks.push({ ...event, letter }))
    return { letter, repeat: false }
  }

  // Twins that are here at the same time share one promise: by id, and by body with the latest of their subject.
  const byId = new Map<string, Promise<unknown>>()
  const bySubject = new Map<string, { readonly hash: string; readonly done: Promise<unknown> }>()

  return {
    async once(event, write) {
      const id = event.id === null ? null : idKey(event.type, event.id)
      const subject = subjectKey(event.type, event.subject)
      const latest = bySubject.get(subject)
      const twin = (id === null ? undefined : byId.get(id)) ?? (latest?.hash === event.hash ? latest.done : undefined)
      if (twin) {
        await twin
        return true
      }
      const done = receive(event, write)
      const entry = { hash: event.hash, done }
      if (id !== null) byId.set(id, done)
      bySubject.set(subject, entry)
      try {
        return (await done).repeat
      } finally {
        if (id !== null) byId.delete(id)
        if (bySubject.get(subject) === entry) bySubject.delete(subject)
      }
    },
  }
}

const idKey = (type: string, id: string) => `${type} id ${id}`
const subjectKey = (type: string, subject: string) => `${type} of ${subject}`

/** Says once that the database went away and once that it is back, and does not wait for it again with every request. */
function createOutage(log: Logger): { unless<T>(ask: () => Promise<T>): Promise<T | null> } {
  let until = Number.NEGATIVE_INFINITY
  let out = false
  return {
    async unless(ask) {
      if (performance.now() < until) return null
      try {
        const answer = await ask()
        if (out) log.info('the state database is back: repeated webhooks are recognised again')
        out = false
        return answer
      } catch (err) {
        if (!out) log.error({ err }, 'the state database is away: webhooks are kept, but repeats are not recognised')
        out = true
        until = performance.now() + AWAY_MS
        return null
      }
    },
  }
}
