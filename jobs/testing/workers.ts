/** Workers as processes, on either queue backend, and what their history says. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type PrivateRedis, startRedis } from '../../connectors/queue-backend/testing/private-redis.ts'
import { type Schedule, schedulesFrom } from '../run/schedule.ts'
import { type Bridge, type BridgeOptions, openBridge } from './bridge.ts'
import { seedReference } from './small-erp.ts'
import type { Ticking } from './ticking-child.ts'

export interface WorkerProcess {
  readonly child: ChildProcess
  /** As the history of runs names it. */
  readonly name: string
  /** @returns its exit code, or the signal that ended it */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>
}

export interface Shift {
  readonly bridge: Bridge
  readonly redis: PrivateRedis | null
  /** Starts workers and waits until they work. */
  workers(count: number, schedules: readonly Schedule[]): Promise<WorkerProcess[]>
  close(): Promise<void>
}

const script = fileURLToPath(new URL('./ticking-child.ts', import.meta.url))

export async function openShift(onRedis: boolean, options: BridgeOptions = {}): Promise<Shift> {
  const [bridge, redis] = await Promise.all([openBridge({ settleMs: 100, ...options }), onRedis ? startRedis() : null])
  await seedReference(bridge.erp)
  const running: WorkerProcess[] = []
  return {
    bridge,
    redis,
    async workers(count, schedules) {
      const ticking: Ticking = { where: bridge.where, redisUrl: redis?.url ?? null, schedules, retryMs: 300 }
      const started = await Promise.all(Array.from({ length: count }, () => startWorkerProcess(ticking)))
      running.push(...started)
      return started
    },
    async close() {
      await Promise.all(running.map((worker) => worker.end('SIGKILL')))
      await redis?.stop()
      await bridge.close()
    },
  }
}

async function startWorkerProcess(ticking: Ticking): Promise<WorkerProcess> {
  const child = spawn(process.execPath, [script, JSON.stringify(ticking)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const ready = new Promise<true>((resolve) => child.stdout.on('data', (chunk: Buffer) => chunk.includes('ready') && resolve(true)))
  if ((await Promise.race([ready, ended])) !== true) throw new Error('a worker ended before it worked')
  return {
    child,
    name: `${hostname()}:${child.pid}`,
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      const [code, killed] = await ended
      return code ?? killed
    },
  }
}

/** These jobs by this cron expression; no other. */
export function only(jobs: Readonly<Record<string, string>>): Schedule[] {
  return schedulesFrom({ redisUrl: null, zone: 'America/Sao_Paulo', crons: {}, retryMs: 0 }, { crm: true }).flatMap((schedule) =>
    schedule.job in jobs ? [{ ...schedule, cron: jobs[schedule.job]! }] : [],
  )
}

export interface HistoryRow {
  readonly id: string
  readonly job: string
  readonly trigger: string
  readonly status: string
  readonly attempt: number
  readonly worker: string | null
  readonly parent: string | null
  readonly code: string | null
  readonly started_at: Date
  readonly ended_at: Date | null
  readonly retry_at: Date | null
}

/** Runs of a job, oldest first. */
export async function history({ state }: Bridge, job?: string): Promise<HistoryRow[]> {
  const { rows } = await state.query<HistoryRow>('select * from runs where $1::text is null or job = $1 order by happened', [job ?? null])
  return rows
}

/** Pairs of runs of one job that were under way at the same time. */
export async function overlaps({ state }: Bridge): Promise<unknown[]> {
  const { rows } = await state.query(
    `select a.job, a.id, b.id from runs a join runs b on a.job = b.job and a.id < b.id
      where a.started_at < coalesce(b.ended_at, 'infinity') and b.started_at < coalesce(a.ended_at, 'infinity')`,
  )
  return rows
}
