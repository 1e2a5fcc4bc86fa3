/**
 * Keeps the queue backend as it should be, so that it may be wiped in the middle of anything: schedulers that are missing are put back, a
 * queue that something else paused goes on,
 * ticks that nobody could make meanwhile are caught up (once, no back-fill), and runs that somebody asked for reach a worker.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { PonteError } from '../../base/error.ts'
import type { QueueBackend, StandingScheduler, Worker } from '../../connectors/queue-backend/queue-backend.ts'
import { stateClock } from '../../connectors/state/query.ts'
import { lastRuns } from '../../connectors/state/runs/run-history.ts'
import { queuedRuns } from '../../connectors/state/runs/run-requests.ts'
import { putSchedules, standingSchedules } from '../../connectors/state/runs/schedules.ts'
import type { Context } from '../context.ts'
import { lastTick, nextTick, retriesOf, type Schedule } from './schedule.ts'

export interface Keeper {
  close(): Promise<void>
}

const ROUND_MS = 1_000
/** A tick that is due for so long was lost: workers are never all busy. */
const LOST_MS = 60_000
/**
 * A machine whose clock is further off than this from the state database's, which all share, takes no ticks and puts up none: it would take
 * tomorrow's today. Less than that between two workers makes none of them take the other's ticks for wrong.
 */
export const CLOCK_MS = 300_000
/** A job that never ran begins at once when it runs so often; nightly ones wait for their night. */
const OFTEN_MS = 3_600_000

/**
 * Puts these schedules up, and takes others down.
 * @returns false, and nothing was done, on a machine whose clock is wrong
 * @throws PonteError what the state database and the queue backend throw
 */
export async function putUp(context: Context, backend: QueueBackend, schedules: readonly Schedule[]): Promise<boolean> {
  if (Math.abs(await clockOff(context)) > CLOCK_MS) return false
  await putSchedules(context.state, schedules)
  const standing = await backend.standing()
  for (const { job } of standing) if (!schedules.some((one) => one.job === job)) await backend.remove(job)
  await putBack(
    context,
    backend,
    schedules.filter((one) => !stands(one, standing)),
  )
  return true
}

/** By how much this machine's clock is ahead of the state database's, ms. */
const clockOff = async ({ state }: Context): Promise<number> => Date.now() - (await stateClock(state)).getTime()

/** Looks after the schedules, and lets the worker take ticks while its clock is right, until closed. What goes wrong is tried again. */
export function keepUp(
  context: Context,
  backend: QueueBackend,
  worker: Worker,
  { schedules, areUp }: { readonly schedules: readonly Schedule[]; readonly areUp: boolean },
): Keeper {
  const stopping = new AbortController()
  let up = areUp
  const round = async () => {
    await heedClock(context, worker)
    if (!up) up = await putUp(context, backend, schedules)
    await lookAfter(context, backend, schedules)
  }
  const rounds = goRound(round, context, stopping.signal)
  return {
    async close() {
      stopping.abort()
      await rounds
    },
  }
}

async function goRound(lookOnce: () => Promise<void>, { log }: Context, signal: AbortSignal): Promise<void> {
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  let troubled = false
  while (!signal.aborted) {
    try {
      // A queue that is away answers when it is back: nobody who stops waits for that.
      await Promise.race([lookOnce(), stopped])
      troubled = false
    } catch (error) {
      if (!troubled) log.error({ err: error }, 'the schedules cannot be looked after; tried again every second')
      troubled = true
    }
    await sleep(ROUND_MS, undefined, { signal }).catch(() => {})
  }
}

/** @throws PonteError `worker.clock_wrong`, and the worker rests */
async function heedClock(context: Context, worker: Worker): Promise<void> {
  const off = await clockOff(context)
  if (Math.abs(off) <= CLOCK_MS) return worker.go()
  await worker.rest()
  throw clockIsWrong(off)
}

async function lookAfter(context: Context, backend: QueueBackend, schedules: readonly Schedule[]): Promise<void> {
  if (await backend.unpause()) context.log.warn('the queue of ticks was paused, by none of Ponte: resumed; to pause jobs use ponte pause')
  const standing = await backend.standing()
  const missing = schedules.filter((one) => !isThere(one, standing))
  await putBack(context, backend, missing)
  const late = standing.filter(isTooLate)
  for (const { job } of late) await backend.remove(job)
  await putBack(context, backend, late)
  for (const { id, job } of await queuedRuns(context.state)) await backend.tick({ job, request: id }, { id, retries: retriesOf(job) })
}

/** At the start ours replace those of other settings; later another worker's may stand, until it is started anew. */
const stands = (schedule: Schedule, standing: readonly StandingScheduler[]): boolean =>
  standing.some(({ job, cron, zone }) => job === schedule.job && cron === schedule.cron && zone === schedule.zone)

const isThere = ({ job }: Schedule, standing: readonly StandingScheduler[]): boolean =>
  standing.some((one) => one.job === job && one.next !== null && Date.now() - one.next.getTime() < LOST_MS)

/** Its next tick is later than its own cron expression says: a clock that was ahead put it there, and all ticks until then would be missing. */
function isTooLate({ cron, zone, next }: StandingScheduler): boolean {
  const due = next && nextTick({ cron, zone }, new Date(Date.now() + CLOCK_MS))
  return due !== null && next! > due
}

const clockIsWrong = (off: number) =>
  new PonteError(
    'worker.clock_wrong',
    `this machine's clock is ${Math.round(Math.abs(off) / 60_000)} min ${off > 0 ? 'ahead of' : 'behind'} the state database's: no job runs here by itself`,
    { hint: 'set the clocks of both (NTP: timedatectl, chronyc tracking); work goes on by itself when they agree to five minutes' },
  )

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
