/** Schedules and the queue of ticks, tried for `ponte doctor`. */
import type pg from 'pg'
import { openQueueBackend } from '../../connectors/queue-backend/open.ts'
import { ALL_JOBS, pauses } from '../../connectors/state/runs/schedules.ts'
import type { Settings } from '../../deploy/env.ts'
import { nextTick, schedulesFrom } from '../../jobs/run/schedule.ts'
import { plural } from '../output.ts'

/** @throws PonteError `config.invalid`, `queue_backend.*`; what the state database throws */
export async function trySchedules(settings: Settings, stateUrl: string, state: pg.Pool): Promise<{ detail: string; hint?: string }> {
  const { redisUrl, zone } = settings.schedule
  const schedules = schedulesFrom(settings.schedule, { crm: settings.crm !== null })
  const backend = await openQueueBackend({ redisUrl, stateUrl }, { nextTick, onError: () => {} })
  await backend.close()
  const where = redisUrl === null ? 'the state database' : `Redis at ${new URL(redisUrl).host}`
  const detail = `${plural(schedules.length, 'schedule')} in ${zone}, ticks in ${where}`
  const paused = (await pauses(state)).map(({ job }) => job)
  if (paused.includes(ALL_JOBS)) return { detail, hint: 'All jobs are paused: ponte resume' }
  return paused.length > 0 ? { detail, hint: `Paused: ${paused.join(', ')}. To let them run again: ponte resume <job>` } : { detail }
}
