/** The dead man's switch: a service outside is asked for once a minute, and raises the alarm when it is not. */
import type { Logger } from 'pino'
import type { Looked } from './figures.ts'
import { send } from './outgoing.ts'

const EVERY_MS = 60_000
/** Schedules that are later than this do not tick. */
const LATE_SECONDS = 150

/**
 * @returns called by the leader after each look. It beats only while the state database answers and the schedules really tick: with no schedule
 *   standing, or all of them paused, nobody beats, because nothing works
 */
export function createHeartbeat(url: string, log: Logger, everyMs = EVERY_MS): (looked: Pick<Looked, 'lateSeconds'>) => Promise<void> {
  let beatAt = Number.NEGATIVE_INFINITY
  return async ({ lateSeconds: { value, stale } }) => {
    if (stale || value === null || value > LATE_SECONDS) return
    // A little early rather than late: looks come every quarter of a minute.
    if (performance.now() - beatAt < everyMs * 0.9) return
    try {
      await send('the heartbeat', url)
      beatAt = performance.now()
    } catch (err) {
      log.warn({ err }, 'the heartbeat was not taken; tried again')
    }
  }
}
