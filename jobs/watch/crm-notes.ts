/** Notes whether the CRM answers, from the requests that are made anyway: to know it costs none of its quota. */
import type pg from 'pg'
import { signals } from '../../base/signals.ts'
import { noteReachable } from '../../connectors/state/watch/machines.ts'

/** A note that says nothing new is made this often at most. */
const SAME_MS = 30_000

/**
 * @param machine host name
 * @returns what ends it; a note that is under way comes to its end
 */
export function noteCrm(state: pg.Pool, machine: string): () => Promise<void> {
  let noted: { readonly up: boolean; readonly at: number } | null = null
  let writing: Promise<void> = Promise.resolve()
  let busy = false

  const end = signals.crmRequest.listen(({ outcome }) => {
    // A refusal proves that it is there. Of a token that is wrong, and of another web server, the run tells.
    const up = outcome !== 'failed'
    const isNews = noted === null || noted.up !== up || performance.now() - noted.at > SAME_MS
    if (busy || !isNews) return
    noted = { up, at: performance.now() }
    busy = true
    writing = noteReachable(state, machine, 'crm', up)
      .catch(() => {
        // The state database is away: the next request tries again.
        noted = null
      })
      .finally(() => {
        busy = false
      })
  })
  return async () => {
    end()
    await writing
  }
}
