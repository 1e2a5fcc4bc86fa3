/** The history of runs, asking for one, schedules and pauses, over HTTP. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endRun, noteRetry, startRun } from '../../connectors/state/runs/runs.ts'
import { putSchedules } from '../../connectors/state/runs/schedules.ts'
import { openApi, type TestApi } from '../testing/api.ts'

const spark = 'job_execute_spark'
const inserts = 'job_insert_leads_in_spotter'
let api: TestApi
beforeAll(async () => {
  api = await openApi()
  await startRun(api.state, 'run-1', spark, { trigger: 'schedule', worker: 'host:1' })
  await endRun(api.state, 'run-1', 'stopped', { changed: 0 }, 'a guard')
  await startRun(api.state, 'run-2', inserts, { trigger: 'schedule', worker: 'host:2' })
  await endRun(
    api.state,
    'run-2',
    'failed',
    { lines: 5, delivered: 2, already: 1, open: 1, dead: 1, superseded: 0 },
    'away',
    'crm.unreachable',
  )
  await noteRetry(api.state, 'run-2', 10_000)
  await startRun(api.state, 'run-3', inserts, { trigger: 'job', parent: 'run-2', attempt: 2 })
})
afterAll(() => api.close())

const get = async (path: string) => (await api.ask('GET', path, { as: 'read' })).json
const ids = async (path: string) => (await get(path)).map(({ id }: { id: string }) => id)

describe('GET /runs', () => {
  test.each([
    ['', ['run-3', 'run-2', 'run-1']],
    ['?status=stopped', ['run-1']],
    ['?job=job_insert_leads_in_crm', ['run-3', 'run-2']],
    ['?trigger=job', ['run-3']],
    ['?limit=1', ['run-3']],
    ['?before=run-2', ['run-1']],
    ['?since=2099-01-01T00:00:00Z', []],
  ])('%s', async (query, expected) => {
    expect(await ids(`/runs${query}`)).toEqual(expected)
  })

  test.each(['?status=odd', '?limit=0', '?limit=x', '?since=yesterday'])('%s is refused', async (query) => {
    expect(await api.ask('GET', `/runs${query}`, { as: 'read' })).toMatchObject({ status: 400, json: { code: 'INVALID_PAYLOAD' } })
  })

  test('of an unknown job: 404', async () => {
    expect(await api.ask('GET', '/runs?job=nobody', { as: 'read' })).toMatchObject({ status: 404 })
  })
})

describe('GET /runs/{id}', () => {
  test('shows its balance, when it is tried again, and what followed', async () => {
    const run = await get('/runs/run-2')
    expect(run).toMatchObject({ trigger: 'schedule', worker: 'host:2', code: 'crm.unreachable', attempt: 1 })
    expect(Date.parse(run.retryAt)).toBeGreaterThan(Date.parse(run.endedAt))
    expect(run.balance).toEqual({ changed: 5, delivered: 3, pending: 1, failed: 1, suppressed: 0, superseded: 0, balanced: true })
    expect(run.followed).toEqual([expect.objectContaining({ id: 'run-3', attempt: 2, parent: 'run-2' })])
  })

  test('of an unknown run: 404', async () => {
    expect(await api.ask('GET', '/runs/nothing', { as: 'read' })).toMatchObject({ status: 404 })
  })
})

describe('POST /jobs/{name}/runs', () => {
  test('queues a run with its parameters, in the name of who asked', async () => {
    const answer = await api.ask('POST', '/jobs/job_leads_full_sync/runs', { json: { dryRun: true } })
    expect(answer).toMatchObject({ status: 202, json: { job: 'job_leads_full_sync' } })
    expect(await get(`/runs/${answer.json.run}`)).toMatchObject({
      status: 'queued',
      trigger: 'manual',
      parameters: { dryRun: true },
      requestedBy: 'operate',
      balance: null,
    })
  })

  test('needs no body', async () => {
    const answer = await api.ask('POST', `/jobs/${spark}/runs`)
    expect(answer.status).toBe(202)
    expect(await get(`/runs/${answer.json.run}`)).toMatchObject({ parameters: {}, status: 'queued' })
  })

  test('lets a stopped run go on, and only that of this job', async () => {
    expect(await api.ask('POST', `/jobs/${spark}/runs`, { json: { acceptGuard: 'run-1' } })).toMatchObject({ status: 202 })
    expect(await api.ask('POST', `/jobs/${inserts}/runs`, { json: { acceptGuard: 'run-1' } })).toMatchObject({
      status: 409,
      json: { code: 'CONFLICT' },
    })
  })

  test.each([
    [`/jobs/${spark}/runs`, { dryRun: true }, 400],
    [`/jobs/${spark}/runs`, { dryRun: 'yes' }, 400],
    ['/jobs/nobody/runs', {}, 404],
  ])('%s with %o is refused, and nothing is queued', async (path, json, status) => {
    const before = await ids('/runs?status=queued')
    expect((await api.ask('POST', path, { json })).status).toBe(status)
    expect(await ids('/runs?status=queued')).toEqual(before)
  })

  test('is not for who may only look', async () => {
    expect(await api.ask('POST', `/jobs/${spark}/runs`, { as: 'read' })).toMatchObject({ status: 403 })
  })
})

describe('schedules and pauses', () => {
  const jobOf = async (name: string) => (await get('/jobs')).find((job: { name: string }) => job.name === name)

  test('GET /jobs shows the schedule that stands, and its next tick', async () => {
    expect((await jobOf(spark)).schedule).toBeNull()
    await putSchedules(api.state, [{ job: spark, cron: '0 12 * * *', zone: 'America/Sao_Paulo' }])
    const { schedule } = await jobOf(spark)
    expect(schedule).toMatchObject({ cron: '0 12 * * *', zone: 'America/Sao_Paulo' })
    expect(schedule.next).toMatch(/T15:00:00.000Z$/)
  })

  test('a job is paused and resumed by either of its names; twice changes nothing', async () => {
    const pause = () => api.ask('POST', '/jobs/job_insert_leads_in_crm/pause')
    expect((await pause()).json).toEqual({ job: inserts, paused: true, changed: true })
    expect((await pause()).json).toEqual({ job: inserts, paused: true, changed: false })
    expect((await jobOf(inserts)).paused).toBe(true)
    expect((await jobOf(spark)).paused).toBe(false)
    expect((await api.ask('POST', `/jobs/${inserts}/resume`)).json).toEqual({ job: inserts, paused: false, changed: true })
    expect((await jobOf(inserts)).paused).toBe(false)
  })

  test('all are paused and resumed; one that is paused by its own name stays so', async () => {
    await api.ask('POST', `/jobs/${spark}/pause`)
    await api.ask('POST', '/pause')
    expect((await get('/jobs')).every(({ paused }: { paused: boolean }) => paused)).toBe(true)
    await api.ask('POST', '/resume')
    expect([(await jobOf(spark)).paused, (await jobOf(inserts)).paused]).toEqual([true, false])
  })

  test.each(['/jobs/purge/pause', '/jobs/purge/resume', '/pause', '/resume'])('POST %s is not for who may only look', async (path) => {
    expect(await api.ask('POST', path, { as: 'read' })).toMatchObject({ status: 403 })
  })
})
