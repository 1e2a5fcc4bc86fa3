/** `ponte worker`: runs the jobs by their schedules, until it is told to stop. */
import { once } from 'node:events'
import type { Command } from 'commander'
import { openQueueBackend } from '../../connectors/queue-backend/open.ts'
import type { QueueBackend } from '../../connectors/queue-backend/queue-backend.ts'
import type { Settings } from '../../deploy/env.ts'
import type { Context } from '../../jobs/context.ts'
import { nextTick, type Schedule, schedulesFrom } from '../../jobs/run/schedule.ts'
import type { Closer } from '../closer.ts'
import { type CommandContext, execute } from '../command.ts'
import type { Databases } from '../databases.ts'
import { type Output, plural } from '../output.ts'
import type { Watching } from './watch.ts'

export function workerCommand(program: Command): void {
  program
    .command('worker')
    .description('run the jobs by their schedules, until stopped; several may work side by side on one machine')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      `
Schedules: SCHEDULE_<JOB> and SCHEDULE_ZONE of deploy/.env.example. All workers of one installation share
STATE_DATABASE_URL, QUEUE_ROOT and REDIS_URL. SIGTERM lets what runs come to its next line; another worker goes on with it.

Examples:
  ponte worker
  SCHEDULE_JOB_EXECUTE_SPARK='*/5 * * * *' ponte worker
  REDIS_URL=redis://queue.example:6379 ponte worker`,
    )
    .action((options: { json?: boolean }) => execute(options, work))
}

async function work({ settings, output, closer, signal }: CommandContext): Promise<number> {
  closer.add(endForSure)
  const schedules = schedulesFrom(settings.schedule, { crm: settings.crm !== null })
  const [{ wire }, { openWatching }] = await Promise.all([import('../wire.ts'), import('./watch.ts')])
  const context = await wire(settings, closer)
  const backend = await openTicks(settings, context, closer)
  const { erp, lanes, log } = context
  const metrics = openWatching(settings, { stateUrl: context.databases.stateUrl, erp, lanes, log }, 'worker', closer)
  const watched = await serveMetrics(settings, context, metrics, closer)
  metrics.begin()
  await beginWork(settings, context, backend, schedules, closer)
  output.result({ ok: true, queue: backend.kind, ...watched, schedules: described(schedules) })
  sayWorking(output, settings, backend, schedules)
  output.end()
  if (!signal.aborted) await once(signal, 'abort')
  log.info('the worker stops when what runs has come to its next line')
  return 0
}

/** @returns where /metrics and the probes of this worker are; nothing when METRICS_PORT is unset */
async function serveMetrics(
  settings: Settings,
  { erp, state, lanes, log }: Context,
  metrics: Watching,
  closer: Closer,
): Promise<{ readonly metrics?: string }> {
  const at = settings.watch.metricsListen
  if (at === null) return {}
  const [{ createMetricsApp }, { listen }] = await Promise.all([import('../../api/metrics-app.ts'), import('../../api/http/listen.ts')])
  const app = createMetricsApp({ erp, state, lanes, log, settings: settings.api, metrics })
  const server = await listen(app, { ...at, trustedProxies: settings.api.trustedProxies })
  closer.add(() => server.close())
  return { metrics: `${server.url}/metrics` }
}

/** The queue backend that the settings name. Nothing runs yet. */
export async function openTicks(settings: Settings, context: Context & { databases: Databases }, closer: Closer): Promise<QueueBackend> {
  const where = { redisUrl: settings.schedule.redisUrl, stateUrl: context.databases.stateUrl }
  const onError = toldOnceAMinute((err) => context.log.warn({ err }, 'the queue of ticks does not answer; tried again'))
  const backend = await openQueueBackend(where, { nextTick, onError })
  closer.add(() => backend.close())
  return backend
}

/** Jobs run from here on; ended by the closer, before what they work with. */
export async function beginWork(
  settings: Settings,
  context: Context,
  backend: QueueBackend,
  schedules: readonly Schedule[],
  closer: Closer,
): Promise<void> {
  const { startWorker } = await import('../../jobs/run/worker.ts')
  const worker = await startWorker(context, backend, { schedules, retryMs: settings.schedule.retryMs })
  closer.add(() => worker.close())
}

export function sayWorking(output: Output, settings: Settings, backend: QueueBackend, schedules: readonly Schedule[]): void {
  const where = backend.kind === 'redis' ? 'Redis' : 'the state database'
  output.say(`Ponte works: ${plural(schedules.length, 'schedule')} in ${settings.schedule.zone}, ticks in ${where}.`)
  if (settings.crm === null) output.say('No CRM is configured (API_URL, API_TOKEN): only jobs that need none are scheduled.')
}

export const described = (schedules: readonly Schedule[]) =>
  schedules.map((schedule) => ({ ...schedule, next: nextTick(schedule, new Date())?.toISOString() ?? null }))

/** What is away fails at every attempt, several times a second. */
function toldOnceAMinute(tell: (error: Error) => void): (error: Error) => void {
  let toldAt = Number.NEGATIVE_INFINITY
  return (error) => {
    if (performance.now() - toldAt < 60_000) return
    toldAt = performance.now()
    tell(error)
  }
}

/** For the last thing closed: BullMQ goes on trying to reach a Redis that is away, and that must not keep an ended process alive. */
export const endForSure = async (): Promise<void> => void setTimeout(() => process.exit(), 1_000).unref()
