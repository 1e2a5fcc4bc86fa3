/** Builds what a job needs from the settings, in one place. Import it when a job is about to run: the client it loads takes longer than a help text. */
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Urgency } from '../connectors/crm/quota.ts'
import type { Spotter } from '../connectors/crm/spotter/types.ts'
import { openErp } from '../connectors/erp/open.ts'
import { openState } from '../connectors/state/pool.ts'
import type { Settings } from '../deploy/env.ts'
import type { Context } from '../jobs/context.ts'
import { noteCrm } from '../jobs/watch/crm-notes.ts'
import type { Closer } from './closer.ts'
import { openCrm } from './crm.ts'
import { type Databases, erpPool, migrateErp, openDatabases } from './databases.ts'
import { leaseMs, openLanes } from './lanes.ts'
import { lazyEngine, readersOf } from './lazy-engine.ts'
import { openLog } from './log.ts'
import { openTraces } from './traces.ts'
import { version } from './version.ts'

/** Everything a job needs. The CRM's address is asked for only when something is sent to it. */
export async function wire(settings: Settings, closer: Closer): Promise<Context & { databases: Databases }> {
  const log = openLog(settings)
  await openTraces(settings, log, process.argv[2] ?? 'ponte', closer)
  const databases = await openDatabases(settings, closer)
  if (databases.embeddedErp) await migrateErp(erpPool(databases.erpUrl, closer))
  const state = await openState(databases.stateUrl)
  closer.add(() => state.end())
  closer.add(noteCrm(state, hostname()))
  const erp = await openErp({
    url: databases.erpUrl,
    maxConnections: settings.crmLimits.concurrency + 2,
    warn: (text) => log.warn(text),
  })
  closer.add(() => erp.close())
  await erp.ping()

  const engine = lazyEngine(settings)
  closer.add(() => engine.close())
  const lanes = await openLanes(settings)

  const clients = new Map<Urgency, Spotter>()
  closer.add(async () => void (await Promise.all([...clients.values()].map((client) => client.close()))))
  const clientFor = (urgency: Urgency): Spotter => {
    const client = clients.get(urgency) ?? openCrm(settings, state, log, urgency)
    clients.set(urgency, client)
    return client
  }
  return {
    databases,
    erp,
    state,
    engine,
    lanes,
    log,
    get crm() {
      return clientFor('bulk')
    },
    get inboundCrm() {
      return clientFor('urgent')
    },
    options: jobOptions(settings),
  }
}

/** What jobs are told of the settings. */
export const jobOptions = (settings: Settings): Context['options'] => ({
  readers: readersOf(settings),
  leaseMs,
  concurrency: settings.crmLimits.concurrency,
  settleMs: settings.crmLimits.settleMs,
  countryName: settings.countryName,
  leadsPerRun: settings.leadsPerRun,
  keepDays: settings.keepDays,
  ...settings.guards,
  productId: settings.productId,
  salesEmailFallback: settings.salesEmailFallback,
  reportsDir: join(settings.stateDir, 'reports'),
  shadow: settings.shadow,
  stateDir: settings.stateDir,
  version,
  backup: settings.backup,
})
