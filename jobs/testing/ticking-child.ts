/**
 * A worker in a process of its own, for tests that kill it, stop it or end it. Its argument is `Ticking` as JSON; it says `ready` when it
 * works, and ends by SIGTERM as `ponte worker` does.
 */
import { openQueueBackend } from '../../connectors/queue-backend/open.ts'
import { nextTick, type Schedule } from '../run/schedule.ts'
import { startWorker } from '../run/worker.ts'
import { openContext, type Whereabouts } from './bridge.ts'

export interface Ticking {
  readonly where: Whereabouts
  readonly redisUrl: string | null
  readonly schedules: readonly Schedule[]
  readonly retryMs: number
}

const { where, redisUrl, schedules, retryMs } = JSON.parse(process.argv[2]!) as Ticking
const { context, close } = await openContext(where)
const backend = await openQueueBackend(
  { redisUrl, stateUrl: where.stateUrl },
  { nextTick, onError: (err) => context.log.warn({ err }, 'queue') },
)
const worker = await startWorker(context, backend, { schedules, retryMs })
process.once('SIGTERM', async () => {
  await worker.close()
  await backend.close()
  await close()
})
process.stdout.write('ready\n')
