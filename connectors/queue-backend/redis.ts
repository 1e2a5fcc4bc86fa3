/** Ticks on a Redis, through ioredis. */
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { PonteError } from '../../base/error.ts'
import { within } from '../../base/within.ts'
import { isTls } from '../tls.ts'
import { type BackendOptions, bullBackend, queueName, queueSettings, workerOptions } from './bull.ts'
import type { QueueBackend } from './queue-backend.ts'

/** Of all keys: other programs may use the same Redis. */
const prefix = 'ponte'
const PATIENCE_MS = 10_000
/** A server that does not answer for so long is given up. BullMQ's blocking reads last 10 s at most. */
const SILENT_MS = 15_000

/**
 * @param url redis:// or rediss://
 * @throws PonteError `queue_backend.redis_unreachable`; exit code 2 `queue_backend.redis_login_refused`
 */
export async function redisBackend(url: string, options: BackendOptions): Promise<QueueBackend> {
  // Blocking reads outlive any number of reconnects (BullMQ asks for null).
  const connection = new Redis(url, { maxRetriesPerRequest: null, lazyConnect: true, connectionName: 'ponte', socketTimeout: SILENT_MS })
  await reach(connection)
  connection.on('error', options.onError)
  const queue = new Queue(queueName, { settings: queueSettings(options), connection, prefix })
  queue.on('error', options.onError)
  return bullBackend({
    kind: 'redis',
    queue,
    worker: (name, processor, settings) => new Worker(queueName, processor, { ...workerOptions, settings, name, connection, prefix }),
    close: async () => connection.disconnect(),
    ...options,
  })
}

/** A Redis that is away at the start is told at once, and not waited for for ever. */
async function reach(connection: Redis): Promise<void> {
  // What the server said; what a command is told is only that the connection closed.
  let said: Error | undefined
  const listen = (error: Error) => {
    said ??= error
  }
  connection.on('error', listen)
  try {
    await within(
      PATIENCE_MS,
      connection.connect().then(() => connection.ping()),
    )
  } catch (cause) {
    connection.disconnect()
    throw refusal(said ?? cause)
  } finally {
    connection.off('error', listen)
  }
}

function refusal(cause: unknown): PonteError {
  if (/^(NOAUTH|WRONGPASS|NOPERM)/.test((cause as Error).message))
    return new PonteError('queue_backend.redis_login_refused', 'the Redis refuses the login', {
      hint: 'check user and password in REDIS_URL',
      cause,
      exitCode: 2,
    })
  if (isTls(cause))
    return new PonteError('queue_backend.redis_tls', 'the encrypted connection to the Redis could not be made', {
      hint: 'REDIS_URL begins with rediss:// for TLS; NODE_EXTRA_CA_CERTS names the file of an authority of your own',
      cause,
      exitCode: 2,
    })
  return new PonteError('queue_backend.redis_unreachable', 'the Redis does not answer', {
    hint: 'check REDIS_URL and that server; or unset it: then the queue of ticks lives in the state database',
    cause,
  })
}
