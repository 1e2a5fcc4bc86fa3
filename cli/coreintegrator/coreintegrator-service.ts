/** CoreIntegrator's start, in this order: database there, tables there, listening, and only then the cron. */
import type { Logger } from 'pino'
import { createCoreIntegratorApp } from '../../api/coreintegrator/app.ts'
import { listen } from '../../api/http/listen.ts'
import { openCustomerCrm } from '../../connectors/coreintegrator/crm.ts'
import { openDatabase, waitForDatabase } from '../../connectors/coreintegrator/database.ts'
import { withLock } from '../../connectors/coreintegrator/lock.ts'
import { installTables } from '../../connectors/coreintegrator/schema.ts'
import { type CoreIntegratorSettings, needAddresses } from '../../deploy/env/coreintegrator.ts'
import { scheduleSync } from '../../jobs/coreintegrator/schedule.ts'
import { syncOnce } from '../../jobs/coreintegrator/sync.ts'
import { createSyncer } from '../../jobs/coreintegrator/syncer.ts'
import type { Closer } from '../closer.ts'

/**
 * @param signal aborted when the service is to stop: a sync that runs ends after the attempt that is under way
 * @returns the address it listens on
 * @throws PonteError `config.invalid`, `coreintegrator.database_away`, `coreintegrator.login_refused`, `api.cannot_listen`
 */
export async function startCoreIntegrator(
  settings: CoreIntegratorSettings,
  { log, closer, signal }: { log: Logger; closer: Closer; signal: AbortSignal },
): Promise<string> {
  const addresses = needAddresses(settings)
  const database = openDatabase(addresses.database)
  closer.add(() => database.end())
  await waitForDatabase(database, {
    waitMs: settings.databaseWaitMs,
    signal,
    onTry: (error) => log.warn({ code: (error as NodeJS.ErrnoException).code }, 'waiting for the database'),
  })
  await withLock(database, settings.lockWaitMs, () => installTables(database))
  log.info('the tables are there')

  const crm = openCustomerCrm({ url: addresses.crmUrl, timeoutMs: settings.crmTimeoutMs })
  closer.add(() => crm.close())
  const options = {
    batchSize: settings.batchSize,
    pauses: { attempts: settings.attempts, baseMs: settings.retryBaseMs },
    maxCycles: settings.maxCycles,
    lockWaitMs: settings.lockWaitMs,
  }
  const syncer = createSyncer((tried) => syncOnce({ database, crm, log, options, signal }, tried))
  closer.add(() => syncer.idle())
  const server = await listen(createCoreIntegratorApp({ database, syncer, log }), {
    host: settings.host,
    port: settings.port,
    trustedProxies: [],
  })
  closer.add(() => server.close())
  const stop = scheduleSync(settings.cron, syncer, log)
  closer.add(async () => stop())
  log.info({ url: server.url }, 'CoreIntegrator is up')
  return server.url
}
