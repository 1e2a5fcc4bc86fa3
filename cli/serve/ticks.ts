/** The queue of ticks for a process that only looks into it: opened when somebody first asks. */
import type { Logger } from 'pino'
import type { QueueBackend } from '../../connectors/queue-backend/queue-backend.ts'
import type { Settings } from '../../deploy/env.ts'
import type { Closer } from '../closer.ts'

/** @returns a function that opens it, once; it may be called again when that failed */
export function lazyTicks(settings: Settings, stateUrl: string, log: Logger, closer: Closer): () => Promise<QueueBackend> {
  let opening: Promise<QueueBackend> | null = null
  const open = async () => {
    const [{ openQueueBackend }, { nextTick }] = await Promise.all([
      import('../../connectors/queue-backend/open.ts'),
      import('../../jobs/run/schedule.ts'),
    ])
    const onError = (err: Error) => log.warn({ err }, 'the queue of ticks does not answer; tried again')
    const backend = await openQueueBackend({ redisUrl: settings.schedule.redisUrl, stateUrl }, { nextTick, onError })
    closer.add(() => backend.close())
    return backend
  }
  return () => {
    opening ??= open().catch((error) => {
      opening = null
      throw error
    })
    return opening
  }
}
