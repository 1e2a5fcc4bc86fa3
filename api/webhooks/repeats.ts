/**
 * Senders repeat. A repeat is answered like the first, and leaves nothing. Two stores are involved, so the order matters:
 *
 *   reserve  the event in the state database, while the letter is written aside
 *              crash here: a reservation without a letter counts as not received after 5 s
 *   publish  the letter, durably
 *              crash here: nobody was answered; the sender repeats and gets a second letter, which does no harm, because the
 *              inbound jobs compare states
 *   answer     crash here: should the sender repeat what was acknowledged, the same
 *   mark     the reservation with the letter: from now on a repeat is recognised. Until then it waits (busy, or for its twin)
 *
 * The mark never comes before the letter, so a lost letter is never mistaken for a received one. The database is best effort:
 * when it is away, letters are written all the same.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import { monotonicFactory } from 'ulid'
import { pooledRandom } from '../../base/random.ts'
import { within } from '../../base/within.ts'
import { type Marked, markReceived, type Received, reserveReceived, type Verdict } from '../../connectors/state/webhooks.ts'
import { createBatcher } from './batcher.ts'

/** `id` null: its sender gave none. */
export type Event = Omit<Received, 'id'> & { readonly id: string | null }

export interface Repeats {
  /**
   * Publishes the letter of an event unless it was received already.
   * @param publish writes the letter and makes it visible when `wanted` is true; resolves with its name when it is durable, or
   *   with null when it was not wanted
   * @throws what `publish` throws
   */
  once(event: Event, publish: (wanted: Promise<boolean>) => Promise<string | null>): Promise<void>
}

const PATIENCE_MS = 2_000
/** How long the database is left alone after it failed. */
const AWAY_MS = 5_000
const BUSY_MS = 6_000

export function createRepeats(state: pg.Pool, log: Logger): Repeats {
  const reservations = createBatcher<Received, Verdict>({
    keysOf: ({ type, id, subject }) => [subjectKey(type, subject), idKey(type, id)],
    run: (batch) => within(PATIENCE_MS, reserveReceived(state, batch)),
    max: 200,
  })
  const marks = createBatcher<Marked, void>({
    keysOf: ({ type, id }) => [idKey(type, id)],
    run: async (batch) => {
      await within(PATIENCE_MS, markReceived(state, batch))
      return []
    },
    max: 200,
  })
  const away = createOutage(log)
  const ownId = monotonicFactory(pooledRandom())

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
  /** @returns when the letter is durable: a promise that the database knows it */
  const receive = async (event: Received, publish: (wanted: Promise<boolean>) => Promise<string | null>): Promise<Promise<unknown>[]> => {
    const judged = judge(event)
    const letter = await publish(judged.then((verdict) => verdict?.verdict !== 'repeat'))
    const verdict = await judged
    // A repeat recognised by its body: from now on by its id as well.
    const known = letter ?? verdict?.letter ?? null
    return verdict === null || known === null ? [] : [away.unless(() => marks.push({ type: event.type, id: event.id, letter: known }))]
  }

  // Twins that are here at the same time share one promise: by id, and by body with the latest of their subject.
  const byId = new Map<string, Promise<unknown>>()
  const bySubject = new Map<string, { readonly hash: string; readonly done: Promise<unknown> }>()

  return {
    async once(given, publish) {
      const event: Received = { ...given, id: given.id ?? ` ${ownId()}` }
      const id = idKey(event.type, event.id)
      const subject = subjectKey(event.type, event.subject)
      const latest = bySubject.get(subject)
      const twin = byId.get(id) ?? (latest?.hash === event.hash ? latest.done : undefined)
      if (twin) {
        await twin
        return
      }
      const done = receive(event, publish)
      const entry = { hash: event.hash, done }
      byId.set(id, done)
      bySubject.set(subject, entry)
      const forget = () => {
        byId.delete(id)
        if (bySubject.get(subject) === entry) bySubject.delete(subject)
      }
      done.then(([marked]) => marked).then(forget, forget)
      await done
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
