import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type TestDatabase, testDatabase } from '../erp/testing/test-erp.ts'
import { postgresQuota } from './postgres-quota.ts'
import { busiest, testQuota } from './quota.contract.ts'
import { type ScriptedServer, type Step, scriptedServer } from './testing.ts'

const long = process.env.PONTE_TEST_LONG === '1'
let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase({ migrate: [new URL('../../sql/state/', import.meta.url)] })
})
afterAll(() => database?.drop())
beforeEach(() => database.pool.query('truncate quota'))

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const small = { resource: 'crm', limit: 5, windowMs: 200, marginMs: 20, random: () => 0 }

describe('quota: postgres', () =>
  testQuota(async (options) => postgresQuota(database.pool, { resource: 'crm', random: () => 0, ...options })))

describe('the shared quota', () => {
  it('keeps resources apart', async () => {
    const [one, two] = [
      // The second would wait for longer than a test may last.
      postgresQuota(database.pool, { ...small, limit: 1, windowMs: 600_000, resource: 'one' }),
      postgresQuota(database.pool, { ...small, limit: 1, windowMs: 600_000, resource: 'other' }),
    ]
    await one.take()
    await two.take()
    await Promise.all([one.close(), two.close()])
  })

  it('takes over new settings when it starts, and a lowered limit counts the permits of before', async () => {
    const before = postgresQuota(database.pool, small)
    for (let i = 0; i < 5; i++) await before.take()
    const taken = async () =>
      (await database.pool.query<{ at: Date }>("select unnest(taken_at) as at from quota where resource = 'crm' order by 1")).rows
    const last = (await taken()).at(-2)!.at
    const after = postgresQuota(database.pool, { ...small, limit: 2, windowMs: 300 })
    await after.take()
    expect((await taken()).at(-1)!.at.getTime() - last.getTime()).toBeGreaterThanOrEqual(300)
    const { rows } = await database.pool.query(
      "select max_requests, window_ms, cardinality(taken_at) as used from quota where resource = 'crm'",
    )
    expect(rows).toMatchObject([{ max_requests: 2, window_ms: 300 }])
    await Promise.all([before.close(), after.close()])
  })

  it('lets an urgent request of one process pass the bulk requests of another', async () => {
    const [bulk, urgent] = [postgresQuota(database.pool, { ...small, limit: 1 }), postgresQuota(database.pool, { ...small, limit: 1 })]
    await bulk.take()
    const order: string[] = []
    const waiting = [bulk.take().then(() => order.push('bulk')), urgent.take(undefined, 'urgent').then(() => order.push('urgent'))]
    await Promise.all(waiting)
    expect(order).toEqual(['urgent', 'bulk'])
    await Promise.all([bulk.close(), urgent.close()])
  })

  it('goes on after its row was removed', async () => {
    const quota = postgresQuota(database.pool, small)
    await quota.take()
    await database.pool.query('truncate quota')
    await quota.take()
    await quota.close()
  })

  it('is not held up for ever by permits and blocks from the future, when the clock was set back', async () => {
    const quota = postgresQuota(database.pool, small)
    await quota.take()
    await database.pool.query(
      "update quota set taken_at = array_fill(clock_timestamp() + interval '1 hour', array[5]), blocked_until = clock_timestamp() + interval '1 day'",
    )
    await database.pool.query("select * from quota_take('crm', false)")
    const { rows } = await database.pool.query("select blocked_until <= clock_timestamp() + interval '10 minutes' as clamped from quota")
    expect(rows).toEqual([{ clamped: true }])
    await database.pool.query("update quota set blocked_until = '-infinity'")
    // Not within the hour that the permits are ahead.
    await quota.take()
    await quota.close()
  })

  it('refuses to let anything pass when the database is away', async () => {
    const away = new pg.Pool({ host: '127.0.0.1', port: 1, user: 'x', database: 'x' })
    const quota = postgresQuota(away, small)
    await expect(quota.take()).rejects.toMatchObject({ code: 'crm.quota_unavailable' })
    await expect(quota.blockFor(10)).rejects.toMatchObject({ code: 'crm.quota_unavailable' })
    await away.end()
  })
})

describe('several processes on one quota', () => {
  const workerFile = fileURLToPath(new URL('./quota-worker.testing.ts', import.meta.url))
  const worker = (server: ScriptedServer, concurrency = 4, settings: readonly number[] = [30, 1_000, 300]): ChildProcess =>
    fork(workerFile, [server.baseUrl, database.url, ...settings.map(String), String(concurrency)])
  const reply: Step = { do: 'reply', status: 200, body: { value: [{ id: 1 }] } }
  const until = async (met: () => boolean) => {
    for (const started = performance.now(); !met(); await pause(10))
      if (performance.now() - started > 50_000) throw new Error('waited too long')
  }
  async function stop(workers: readonly ChildProcess[]): Promise<void> {
    await Promise.all(
      workers.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const gone = once(child, 'exit')
        if (child.connected) child.send('stop')
        await gone
      }),
    )
  }

  it('the server never sees more than the limit, plus one, in any window, though processes are killed and replaced', async () => {
    const server = await scriptedServer(() => reply)
    const kills = long ? 100 : 8
    let workers = [worker(server), worker(server), worker(server)]
    for (let kill = 0; kill < kills; kill++) {
      // In the middle of work, and only once there was some: the quota must not be lost with its holder.
      const before = server.seen.length
      await until(() => server.seen.length >= before + 25)
      const victim = workers[0] as ChildProcess
      victim.kill('SIGKILL')
      workers = [...workers.slice(1), worker(server)]
    }
    await stop(workers)
    await server.close()
    const arrivals = server.seen.map((seen) => seen.at)
    const most = busiest(arrivals, 1_000)
    console.info(`quota: ${arrivals.length} requests by 3 processes, ${kills} SIGKILLs, at most ${most} in any second (limit 30)`)
    expect(most).toBeLessThanOrEqual(31)
  }, 900_000)

  it('a 429 with Retry-After to one of them silences all', async () => {
    let refusedAt = 0
    const server = await scriptedServer((seen, index) => {
      if (index !== 40) return reply
      refusedAt = seen.at
      return { do: 'reply', status: 429, headers: { 'retry-after': '2' } }
    })
    const workers = [worker(server), worker(server)]
    await until(() => refusedAt > 0 && server.seen.some((seen) => seen.at > refusedAt + 2_000))
    await stop(workers)
    await server.close()
    // What was under way when the answer came may still arrive; after that, silence until the time is over.
    const early = server.seen.filter((seen) => seen.at > refusedAt + 200 && seen.at < refusedAt + 1_990)
    expect(early).toHaveLength(0)
  })
})
