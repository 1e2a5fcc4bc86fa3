/** `ponte up`, `ponte worker`, `ponte runs`, `ponte pause` and `ponte run --enqueue`, as processes. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { redisMissing, startRedis } from '../../connectors/queue-backend/testing/private-redis.ts'
import { addLeads, type House, openHouse, withDocument } from '../testing/house.ts'
import type { Environment, Started } from '../testing/ponte.ts'

const token = 'operator-token-of-the-test'
const patience = { timeout: 60_000, interval: 200 }
const quick = Object.fromEntries(
  ['JOB_EXECUTE_SPARK', 'JOB_INSERT_LEADS_IN_CRM', 'JOB_INSERT_CONTACTS_IN_CRM', 'JOB_UPDATE_LEADS_IN_ERP'].map((job) => [
    `SCHEDULE_${job}`,
    '* * * * * *',
  ]),
)
let house: House
let env: Environment
beforeAll(async () => {
  house = await openHouse()
  env = { ...house.env, ...quick, PORT: '0', PONTE_TOKENS: `ops:operate:${token}` }
})
afterAll(() => house.close())

/** A process that is ended with the test. Its document tells that it is up. */
async function start(args: string[], given: Environment = env) {
  const started = house.ponte.start([...args, '--json'], given)
  onTestFinished(async () => {
    started.child.kill('SIGKILL')
    await started.ended
  })
  return { ...started, document: JSON.parse(await started.shows('}\n')) }
}

async function stopped({ child, ended }: Started): Promise<number | null> {
  child.kill('SIGTERM')
  return (await ended).code
}

const ask = async (url: string, path: string, method = 'GET') => {
  const answer = await fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${token}` } })
  return { status: answer.status, json: (await answer.json()) as never }
}

describe.each([['the state database', false], ...(redisMissing('cli/up on Redis') ? [] : [['Redis', true] as const])] as const)(
  'ponte up with ticks in %s',
  (_, onRedis) => {
    test('answers over HTTP, detects and delivers by its schedules, and drains on SIGTERM', async () => {
      const redis = onRedis ? await startRedis() : null
      onTestFinished(async () => redis?.stop())
      const before = await house.effects('leadAdded')
      await addLeads(house.erp, onRedis ? 20 : 10, 5)
      const up = await start(['up'], { ...env, ...(redis ? { REDIS_URL: redis.url } : {}) })
      expect(up.document).toMatchObject({ ok: true, queue: onRedis ? 'redis' : 'postgres' })
      await vi.waitFor(async () => expect(await house.effects('leadAdded')).toBe(before + 5), patience)
      expect(await ask(up.document.url, '/ready')).toMatchObject({ status: 200 })
      const { json } = await ask(up.document.url, '/jobs')
      expect(json).toContainEqual(
        expect.objectContaining({
          name: 'job_execute_spark',
          paused: false,
          schedule: expect.objectContaining({ cron: '* * * * * *', zone: 'America/Sao_Paulo' }),
          lastRun: expect.objectContaining({ trigger: 'schedule', worker: expect.stringMatching(/:\d+$/) }),
        }),
      )
      expect(await stopped(up)).toBe(0)
    })
  },
)

test.each([
  ['up', 'PORT'],
  ['worker', 'METRICS_PORT'],
])('ponte %s whose %s is taken puts up no schedule, runs no job, and ends with 1: it is tried again', async (command, setting) => {
  const taken = new URL(house.simulator.url).port
  await house.state.query('delete from schedules')
  const begun = async () => (await house.state.query('select (select count(*) from runs) + (select count(*) from schedules) as n')).rows
  const before = await begun()
  const { code, document } = withDocument(await house.ponte([command, '--json'], { ...env, [setting]: taken }))
  expect({ code, error: document.error.code, begun: await begun() }).toEqual({ code: 1, error: 'api.cannot_listen', begun: before })
})

describe('on a bare machine', () => {
  test('ponte up answers and ticks within 30 s, with nothing configured; it compares only, and says so', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ponte-bare-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const begun = performance.now()
    const bare = { QUEUE_ROOT: join(folder, 'queue'), STATE_DIR: join(folder, 'state'), PORT: '0', PONTE_TOKENS: `ops:operate:${token}` }
    const up = await start(['up'], bare)
    const { url, schedules } = up.document
    expect(schedules.map(({ job }: { job: string }) => job).sort()).toEqual(['backup_postgresql', 'job_execute_spark', 'purge'])
    const runs = async () => (await ask(url, '/runs')).json as { job: string; trigger: string; status: string }[]
    await vi.waitFor(
      async () => expect(await runs()).toContainEqual(expect.objectContaining({ job: 'job_execute_spark', status: 'skipped' })),
      patience,
    )
    const seconds = (performance.now() - begun) / 1_000
    console.log(`ponte up on a bare machine: the API answers and the first tick has run after ${seconds.toFixed(1)} s`)
    expect(await stopped(up)).toBe(0)
  })
})

if (!redisMissing('cli/worker without its Redis'))
  test('a worker whose Redis goes away stays, tells it in its log, and ends with 0 on SIGTERM', async () => {
    const redis = await startRedis()
    const worker = await start(['worker'], { ...env, REDIS_URL: redis.url, LOG_FILE: join(house.folder, 'away.log') })
    await redis.stop()
    await vi.waitFor(() => expect(readFileSync(join(house.folder, 'away.log'), 'utf8')).toContain('does not answer'), patience)
    expect(worker.child.exitCode).toBeNull()
    worker.child.kill('SIGTERM')
    expect(await worker.ended).toMatchObject({ code: 0, stderr: '' })
  })

describe('runs, pauses and requests', () => {
  test('a run that a person asks for is begun by a worker, also of a paused job, and is in the history', async () => {
    const slow = { ...house.env, SCHEDULE_JOB_EXECUTE_SPARK: 'off' }
    await start(['worker'], slow)
    expect((await house.json('pause', 'job_execute_spark')).document).toMatchObject({ ok: true, changed: true })
    const { document } = await house.json('run', 'job_execute_spark', '--enqueue')
    expect(document).toMatchObject({ ok: true, job: 'job_execute_spark', status: 'queued' })
    await vi.waitFor(async () => {
      expect((await house.json('runs', document.run)).document).toMatchObject({
        status: expect.stringMatching(/^(success|skipped)$/),
        trigger: 'manual',
      })
    }, patience)
    expect((await house.json('resume', 'job_execute_spark')).document).toMatchObject({ ok: true, changed: true, allPaused: [] })
  })

  test('while all is paused nothing runs by itself; resumed, it goes on', async () => {
    await house.json('pause')
    await start(['worker'])
    await addLeads(house.erp, 30, 3)
    const before = await house.effects('leadAdded')
    // Ticks come all the while, and are let pass.
    await vi.waitFor(async () => {
      const { rows } = await house.state.query(
        `select count(*)::int as passed from bullmq.job where return_value @> '{"paused": true}' and name = 'job_insert_leads_in_spotter'`,
      )
      expect(rows[0].passed).toBeGreaterThan(2)
    }, patience)
    expect(await house.effects('leadAdded')).toBe(before)
    await house.json('resume')
    await vi.waitFor(async () => expect(await house.effects('leadAdded')).toBe(before + 3), patience)
  })

  test('ponte runs filters, shows one run with its balance, and leaves idle runs out unless asked', { timeout: 120_000 }, async () => {
    await addLeads(house.erp, 40, 1)
    // The worker of the test before was killed: its leases outlive it by some seconds.
    const worked = (job: string) =>
      vi.waitFor(async () => {
        const { document } = await house.json('run', job)
        expect(document).toMatchObject({ status: 'success' })
        return document
      }, patience)
    await worked('job_execute_spark')
    const delivered = await worked('job_insert_leads_in_spotter')
    await house.json('run', 'purge')
    const all = (await house.json('runs', '--all', '--limit', '500')).document.runs as { id: string; status: string; job: string }[]
    const eventful = (await house.json('runs', '--limit', '500')).document.runs as typeof all
    expect(all.length).toBeGreaterThan(eventful.length)
    expect(eventful.filter(({ status }) => status === 'skipped')).toEqual([])
    expect(eventful.map(({ id }) => id)).toContain(delivered.run)
    const shown = await house.json('runs', delivered.run)
    expect(shown.document).toMatchObject({ ok: true, balance: { balanced: true }, job: 'job_insert_leads_in_spotter' })
    const { stdout } = await house.run('runs', delivered.run)
    expect(stdout).toContain(`${shown.document.balance.changed} = ${shown.document.balance.delivered} delivered`)
    expect((await house.run('runs', '--job', 'job_insert_leads_in_crm')).stdout).not.toContain('job_execute_spark')
  })

  test.each([
    [['runs', '--status', 'odd'], '--status does not know "odd"'],
    [['runs', '--since', 'yesterday'], '--since is not a time'],
    [['runs', 'nothing'], 'There is no run nothing'],
    [['pause', 'nobody'], 'There is no job called "nobody"'],
    [['run', 'job_execute_spark', '--enqueue', '--dry-run'], 'cannot look without changing anything'],
  ])('%j is refused with exit code 2', async (args, message) => {
    const { code, stderr } = await house.run(...args)
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  })

  test.each([
    [{ SCHEDULE_JOB_EXECUTE_SPARK: 'sometimes' }, 'SCHEDULE_JOB_EXECUTE_SPARK must be a cron expression'],
    [{ SCHEDULE_ZONE: 'Mars/Base' }, 'SCHEDULE_ZONE must be a time zone'],
    [{ SCHEDULE_JOB_NOBODY: '* * * * *' }, 'SCHEDULE_JOB_NOBODY names no job'],
    [{ REDIS_URL: 'redis://127.0.0.1:1' }, 'The Redis does not answer'],
  ])('a worker with %j does not start', async (wrong, message) => {
    const { code, stderr } = await house.ponte(['worker'], { ...house.env, ...wrong })
    expect(stderr).toContain(message)
    expect(code).toBe('REDIS_URL' in wrong ? 1 : 2)
  })
})
