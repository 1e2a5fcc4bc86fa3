/** The queue backend that the settings name. */
import type { BackendOptions } from './bull.ts'
import type { QueueBackend } from './queue-backend.ts'

/**
 * @param where.redisUrl null: the state database
 * @throws PonteError `queue_backend.*`
 */
export async function openQueueBackend(
  where: { readonly redisUrl: string | null; readonly stateUrl: string },
  options: BackendOptions,
): Promise<QueueBackend> {
  if (where.redisUrl === null) return (await import('./postgres.ts')).postgresBackend(where.stateUrl, options)
  return (await import('./redis.ts')).redisBackend(where.redisUrl, options)
}
