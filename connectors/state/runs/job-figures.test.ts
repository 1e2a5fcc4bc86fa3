import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStateBed, type StateBed } from '../testing/state.ts'
import { noteDisks, notedDisks, notedReachability, noteReachable } from '../watch/machines.ts'
import { createWatchPool } from '../watch/watch-pool.ts'
import { jobCounts, jobEnds, lastDetectors, lastHour, waitingByEntity } from './job-figures.ts'
import { endRun, startRun } from './runs.ts'

let bed: StateBed
beforeAll(async () => {
  bed = await openStateBed()
})
afterAll(() => bed.close())

test('figures of jobs only grow, also when the history of runs is deleted and when a crash left a run open', async () => {
  const { pool } = bed
  const job = 'job_a'
  await endRun(pool, await startRun(pool, 'r1', job), 'success', {
    delivered: 3,
    dead: 1,
    detectors: [{ entity: 'x' }],
    note: 'text',
    zero: 0,
  })
  await endRun(pool, await startRun(pool, 'r2', job), 'success', { delivered: 4, dead: 0 })
  await endRun(pool, await startRun(pool, 'r3', job), 'failed', { delivered: 1 }, 'away', 'crm.unavailable')
  // Written twice, counted once.
  await endRun(pool, 'r3', 'failed', { delivered: 1 }, 'away', 'crm.unavailable')
  await startRun(pool, 'r4', job)
  await startRun(pool, 'r5', job)
  expect(await jobCounts(pool)).toEqual([
    { job, name: 'dead', value: 1 },
    { job, name: 'delivered', value: 8 },
  ])
  const before = await jobEnds(pool)
  expect(before).toMatchObject([
    { job, status: 'failed', runs: 2, lastRun: 'r4', lastCode: 'run.killed' },
    { job, status: 'success', runs: 2, lastRun: 'r2', lastCode: null },
  ])
  await pool.query('delete from runs')
  expect((await jobEnds(pool)).map(({ runs }) => runs)).toEqual(before.map(({ runs }) => runs))
})

test('the newest compare is found by its end', async () => {
  const { pool } = bed
  expect(await lastDetectors(pool, 'job_execute_spark')).toEqual([])
  await endRun(pool, await startRun(pool, 's1', 'job_execute_spark'), 'success', { detectors: [{ entity: 'leads.update' }] })
  await endRun(pool, await startRun(pool, 's2', 'job_execute_spark'), 'failed', {})
  expect(await lastDetectors(pool, 'job_execute_spark')).toEqual([{ entity: 'leads.update' }])
})

test('the last hour: what went to falhas, conflicts, and how long events took', async () => {
  const { pool } = bed
  expect(await lastHour(pool)).toMatchObject({ conflicts: 0, inboundMedian: null, inboundP95: null })
  await endRun(pool, await startRun(pool, 'h1', 'job_b'), 'success', { dead: 2, rejected: 1 })
  await pool.query(
    `insert into inbound_events (id, job, letter, lead_id, outcome, received_at, ended_at)
     select 'e' || n, 'j', 'l', '1', 'applied', clock_timestamp() - n * interval '1 second', clock_timestamp() from generate_series(1, 100) n`,
  )
  await pool.query(`insert into conflicts (entity, key, field, winner, event) values ('leads', '1', 'NAME', 'erp', 'e1')`)
  const hour = await lastHour(pool)
  expect(hour).toMatchObject({ conflicts: 1, dead: 3 })
  expect(hour.inboundMedian).toBeCloseTo(50.5, 0)
  expect(hour.inboundP95).toBeCloseTo(95, 0)
})

test('what waits, by entity, with the age of the oldest', async () => {
  const { pool } = bed
  await pool.query(
    `insert into changes (run_id, entity, key, hash, letter, created_at)
     select 'r', 'leads.update', n::text, 'h', 'l', clock_timestamp() - n * interval '1 minute' from generate_series(1, 3) n`,
  )
  const [waiting, ...more] = await waitingByEntity(pool)
  expect(more).toEqual([])
  expect(waiting).toMatchObject({ entity: 'leads.update', count: 3 })
  expect(waiting!.oldestSeconds).toBeCloseTo(180, -1)
})

test('machines note disks and whom they reach; a change of state begins anew', async () => {
  const { pool } = bed
  await noteDisks(pool, 'vm1', [
    { place: 'queue', freeBytes: 5, sizeBytes: 10 },
    { place: 'state', freeBytes: 6, sizeBytes: 10 },
  ])
  await noteDisks(pool, 'vm1', [{ place: 'queue', freeBytes: 4, sizeBytes: 10 }])
  await noteDisks(pool, 'vm2', [{ place: 'queue', freeBytes: 1, sizeBytes: 1 }])
  await pool.query(`update disks set noted_at = noted_at - interval '2 hours' where machine = 'vm2'`)
  expect((await notedDisks(pool)).map(({ place, freeBytes }) => [place, freeBytes])).toEqual([
    ['queue', 4],
    ['state', 6],
  ])
  await noteReachable(pool, 'vm1', 'crm', false)
  await pool.query(`update reachability set since = since - interval '5 minutes'`)
  await noteReachable(pool, 'vm1', 'crm', false)
  expect((await notedReachability(pool))[0]).toMatchObject({ what: 'crm', up: false })
  expect((await notedReachability(pool))[0]!.seconds).toBeGreaterThan(299)
  await noteReachable(pool, 'vm1', 'crm', true)
  expect((await notedReachability(pool))[0]!.seconds).toBeLessThan(60)
})

test('a statement that takes too long is ended by the server, and others go on', { timeout: 30_000 }, async () => {
  const watch = createWatchPool(bed.url)
  await expect(watch.query('select pg_sleep(60)')).rejects.toMatchObject({ code: '57014' })
  expect((await watch.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  await watch.end()
})
