/**
 * Keeps the queue backend as it should be, so that it may be wiped in the middle of anything: schedulers that are missing are put back,
 * ticks that nobody could make meanwhile are caught up (once, no back-fill), and runs that somebody asked for reach a worker.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { QueueBackend, StandingScheduler } from '../connectors/queue-backend/queue-backend.ts'
import { lastRuns } from '../connectors/state/run-history.ts'
import { queuedRuns } from '../connectors/state/run-requests.ts'
import { putSchedules, standingSchedules } from '../connectors/state/schedules.ts'
import type { Context } from './context.ts'
import { lastTick, nextTick, retriesOf, type Schedule } from './schedule.ts'

export interface Keeper {
  close(): Promise<void>
}

const ROUND_MS = 1_000
/** A tick that is due for so long was lost: workers are never all busy. */
const LOST_MS = 60_000
/** A job that never ran begins at once when it runs so often; nightly ones wait for their night. */
const OFTEN_MS = 3_600_000

/**
 * Puts the schedules up and looks after them until closed.
 * @throws PonteError what the state database and the queue backend throw at the start; later it goes on by itself
 */
export async function startKeeper(context: Context, backend: QueueBackend, schedules: readonly Schedule[]): Promise<Keeper> {
  const stopping = new AbortController()
  await putSchedules(context.state, schedules)
  const standing = await backend.standing()
  for (const { job } of standing) if (!schedules.some((one) => one.job === job)) await backend.remove(job)
  await putBack(
    context,
    backend,
    schedules.filter((one) => !stands(one, standing)),
  )
  const rounds = keepUp(context, backend, schedules, stopping.signal)
  return {
    async close() {
      stopping.abort()
      await rounds
    },
  }
}

async function keepUp(context: Context, backend: QueueBackend, schedules: readonly Schedule[], signal: AbortSignal): Promise<void> {
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  let troubled = false
  while (!signal.aborted) {
    try {
      // A queue that is away answers when it is back: nobody who stops waits for that.
      await Promise.race([lookAfter(context, backend, schedules), stopped])
      troubled = false
    } catch (error) {
      if (!troubled) context.log.error({ err: error }, 'the schedules cannot be looked after; tried again every second')
      troubled = true
    }
    await sleep(ROUND_MS, undefined, { signal }).catch(() => {})
  }
}

async function lookAfter(context: Context, backend: QueueBackend, schedules: readonly Schedule[]): Promise<void> {
  const standing = await backend.standing()
  const missing = schedules.filter((one) => !isThere(one, standing))
  await putBack(context, backend, missing)
  for (const { id, job } of await queuedRuns(context.state)) await backend.tick({ job, request: id }, { id, retries: retriesOf(job) })
}

/** At the start ours replace those of other settings; later another worker's may stand, until it is started anew. */
const stands = (schedule: Schedule, standing: readonly StandingScheduler[]): boolean =>
  standing.some(({ job, cron, zone }) => job === schedule.job && cron === schedule.cron && zone === schedule.zone)

const isThere = ({ job }: Schedule, standing: readonly StandingScheduler[]): boolean =>
  standing.some((one) => one.job === job && one.next !== null && Date.now() - one.next.getTime() < LOST_MS)

async function putBack(context: Context, backend: QueueBackend, missing: readonly Schedule[]): Promise<void> {
  if (missing.length === 0) return
  for (const schedule of missing) await backend.put(schedule, retriesOf(schedule.job))
  context.log.info({ jobs: missing.map(({ job }) => job) }, 'schedules put up')
  await catchUp(context, backend, missing)
}

async function catchUp({ state }: Context, backend: QueueBackend, schedules: readonly Schedule[]): Promise<void> {
  const [runs, rows] = await Promise.all([lastRuns(state), standingSchedules(state)])
  const now = new Date()
  for (const schedule of schedules) {
    const ran = runs.find(({ job }) => job === schedule.job)?.startedAt
    const since = rows.find(({ job }) => job === schedule.job)?.since ?? now
    const missed = lastTick(schedule, now)
    const isMissed = missed !== null && missed > (ran && ran > since ? ran : since)
    // The same tick from several workers is one.
    if (isMissed)
      await backend.tick({ job: schedule.job }, { id: `missed-${schedule.job}-${missed.getTime()}`, retries: retriesOf(schedule.job) })
    else if (!ran && isOften(schedule, now))
      await backend.tick({ job: schedule.job }, { id: `first-${schedule.job}`, retries: retriesOf(schedule.job) })
  }
}

function isOften(schedule: Schedule, now: Date): boolean {
  const first = nextTick(schedule, now)
  const second = first && nextTick(schedule, first)
  return second !== null && second.getTime() - first!.getTime() <= OFTEN_MS
}
