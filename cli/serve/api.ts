/** `ponte api`: the HTTP API, until it is told to stop. */
import { once } from 'node:events'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import type pg from 'pg'
import type { Logger } from 'pino'
import { PonteError } from '../../base/error.ts'
import { openErp } from '../../connectors/erp/open.ts'
import { createStatePool, prepareState } from '../../connectors/state/pool.ts'
import { type CommandContext, execute } from '../command.ts'
import { absentCrm, openCrm } from '../crm.ts'
import { erpPool, migrateErp, openDatabases } from '../databases.ts'
import { lazyEngine } from '../lazy-engine.ts'
import { openLog } from '../log.ts'
import { openTraces } from '../traces.ts'
import { lazyTicks } from './ticks.ts'

const RETRY_MS = 5_000

export function apiCommand(program: Command): void {
  program
    .command('api')
    .description('receive webhooks and answer over HTTP, until stopped')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      `
Settings: HOST, PORT, PONTE_TOKENS, WEBHOOK_SECRETS and the others of deploy/.env.example. /docs lists what it answers.

Examples:
  ponte api
  HOST=0.0.0.0 PORT=8080 ponte api`,
    )
    .action((options: { json?: boolean }) => execute(options, serve))
}

async function serve({ settings, output, closer, signal }: CommandContext): Promise<number> {
  // The rooms it needs are loaded only now: help texts do not wait for them.
  const [{ openApiServer, sayServing }, { openLanes }, { jobOptions }, { openWatching }, { noteCrm }] = await Promise.all([
    import('./api-server.ts'),
    import('../lanes.ts'),
    import('../wire.ts'),
    import('./watch.ts'),
    import('../../jobs/watch/crm-notes.ts'),
  ])
  const log = openLog(settings)
  await openTraces(settings, log, 'api', closer)
  const databases = await openDatabases(settings, closer)
  if (databases.embeddedErp) await migrateErp(erpPool(databases.erpUrl, closer))
  const state = createStatePool(databases.stateUrl)
  closer.add(() => state.end())
  closer.add(noteCrm(state, hostname()))
  await prepareOrGoOn(state, log, signal)
  const erp = await openErp({ url: databases.erpUrl, maxConnections: settings.crmLimits.concurrency + 2 })
  closer.add(() => erp.close())

  const lanes = await openLanes(settings)
  for (const lane of Object.values(lanes)) closer.add(() => lane.close())
  const crm = settings.crm ? openCrm(settings, state, log, 'urgent') : absentCrm()
  closer.add(() => crm.close())
  const engine = lazyEngine(settings)
  closer.add(() => engine.close())
  const metrics = openWatching(settings, { stateUrl: databases.stateUrl, erp, lanes, log }, 'api', closer)
  const context = { erp, state, engine, lanes, log, crm, inboundCrm: crm, options: jobOptions(settings) }
  const ticks = lazyTicks(settings, databases.stateUrl, log, closer)
  const server = await openApiServer(
    settings,
    { erp, state, lanes, log, crm, metrics, ticks, context: settings.crm ? context : null },
    closer,
    signal,
  )
  metrics.begin()

  output.result({ ok: true, ...server })
  sayServing(output, settings, server)
  // A service's document is wanted when it is up, not when it ends.
  output.end()
  if (!signal.aborted) await once(signal, 'abort')
  log.info('the API stops when what is in flight has ended')
  return 0
}

/** Webhooks must be taken in while the state database is away (README of api): then its schema is seen to later. */
async function prepareOrGoOn(state: pg.Pool, log: Logger, signal: AbortSignal): Promise<void> {
  try {
    await prepareState(state)
  } catch (error) {
    if (!(error instanceof PonteError) || error.code !== 'state.unreachable') throw error
    log.error({ err: error }, 'the state database is away: webhooks are taken in, all else waits for it')
    void prepareLater(state, log, signal)
  }
}

async function prepareLater(state: pg.Pool, log: Logger, signal: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(RETRY_MS, undefined, { ref: false })
    if (signal.aborted) return
    try {
      await prepareState(state)
      log.info('the state database is there')
      return
    } catch (error) {
      if (!(error instanceof PonteError) || error.code !== 'state.unreachable')
        log.error({ err: error }, 'the state database cannot be used')
    }
  }
}
