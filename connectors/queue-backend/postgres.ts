/** Ticks on the state PostgreSQL: BullMQ's own backend, in a schema of its own. */
import { createPostgresBackend, Queue, Worker } from 'bullmq'
import { PonteError } from '../../base/error.ts'
import { keepAlive } from '../pg/keep-alive.ts'
import { type BackendOptions, bullBackend, queueName, queueSettings, workerOptions } from './bull.ts'
import type { QueueBackend } from './queue-backend.ts'

/** A server that does not answer for so long is given up; each statement is short. */
const SILENT_MS = 15_000

/** @param url of the state database @throws PonteError `queue_backend.postgres_failed` */
export async function postgresBackend(url: string, options: BackendOptions): Promise<QueueBackend> {
  // Each of the two keeps a pool of its own, and the worker one session more, on which it is told of ticks.
  const connection = {
    connectionString: url,
    schema: 'bullmq',
    migrate: true,
    max: 3,
    ...keepAlive,
    connectionTimeoutMillis: 10_000,
    query_timeout: SILENT_MS,
    application_name: 'ponte-ticks',
  }
  const queue = new Queue(queueName, { settings: queueSettings(options), connection }, createPostgresBackend)
  queue.on('error', options.onError)
  try {
    await queue.waitUntilReady()
  } catch (cause) {
    await queue.close().catch(() => {})
    throw new PonteError('queue_backend.postgres_failed', "the queue of ticks cannot be opened in Ponte's state database", {
      hint: 'its user must be able to create a schema (bullmq); the server must be PostgreSQL 13 or newer',
      cause,
    })
  }
  return bullBackend({
    kind: 'postgres',
    queue,
    worker: (name, processor, settings) =>
      new Worker(queueName, processor, { ...workerOptions, settings, name, connection }, createPostgresBackend),
    close: async () => {},
    ...options,
  })
}
