/** The cron of Every minute, and whatever goes wrong is logged and ends there. */
import { Cron } from 'croner'
import type { Logger } from 'pino'
import type { Syncer } from './syncer.ts'

/** @returns the way to stop it; a sync that is under way goes on */
export function scheduleSync(pattern: string, syncer: Syncer, log: Logger): () => void {
  const cron = new Cron(pattern, { protect: true, timezone: 'Etc/UTC' }, async () => {
    log.info('Auto-sync triggered')
    await syncer.sync().catch((err) => log.error({ err }, 'auto-sync failed'))
  })
  return () => cron.stop()
}
