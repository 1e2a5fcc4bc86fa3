/** `ponte up`: the API, a worker and the schedules in one process, until it is told to stop. */
import { once } from 'node:events'
import type { Command } from 'commander'
import { schedulesFrom } from '../../jobs/run/schedule.ts'
import { type CommandContext, execute } from '../command.ts'
import { absentCrm } from '../crm.ts'
import { beginWork, described, endForSure, openTicks, sayWorking } from './worker.ts'

export function upCommand(program: Command): void {
  program
    .command('up')
    .description('everything in one process: the API and a worker with the schedules, until stopped')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      `
Without any setting it uses the embedded database for ERP and state and compares only; API_URL and API_TOKEN name the CRM.
To keep webhooks apart from work, or for several workers: ponte api and ponte worker, all on one machine, with the
same QUEUE_ROOT and STATE_DIR.

Examples:
  ponte up
  PORT=8080 SCHEDULE_ZONE=America/New_York ponte up`,
    )
    .action((options: { json?: boolean }) => execute(options, up))
}

async function up({ settings, output, closer, signal }: CommandContext): Promise<number> {
  closer.add(endForSure)
  const schedules = schedulesFrom(settings.schedule, { crm: settings.crm !== null })
  // The rooms it needs are loaded only now: help texts do not wait for them.
  const [{ wire }, { openApiServer, sayServing }, { openWatching }] = await Promise.all([
    import('../wire.ts'),
    import('./api-server.ts'),
    import('./watch.ts'),
  ])
  const context = await wire(settings, closer)
  const backend = await openTicks(settings, context, closer)
  const { erp, state, lanes, log } = context
  const hasCrm = settings.crm !== null
  const metrics = openWatching(settings, { stateUrl: context.databases.stateUrl, erp, lanes, log }, 'up', closer)
  const ticks = async () => backend
  const parts = { erp, state, lanes, log, metrics, ticks, crm: hasCrm ? context.inboundCrm : absentCrm(), context: hasCrm ? context : null }
  // Before any job runs: whoever has no port to answer on must not work either.
  const server = await openApiServer(settings, parts, closer, signal)
  metrics.begin()
  await beginWork(settings, context, backend, schedules, closer)

  output.result({ ok: true, ...server, queue: backend.kind, schedules: described(schedules) })
  sayServing(output, settings, server)
  sayWorking(output, settings, backend, schedules)
  output.end()
  if (!signal.aborted) await once(signal, 'abort')
  log.info('Ponte stops when what is in flight has ended')
  return 0
}
