/** What operators and machines ask: health, queue, jobs. */
import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endRun, startRun } from '../../connectors/state/runs/runs.ts'
import { jobs } from '../../jobs/catalogue.ts'
import { openApi, type TestApi } from '../testing/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

describe('GET /health and GET /ready', () => {
  test('are for everybody', async () => {
    expect(await api.ask('GET', '/health', { as: null })).toMatchObject({ status: 200, json: { status: 'UP' } })
    expect(await api.ask('GET', '/ready', { as: null })).toMatchObject({
      status: 200,
      json: { status: 'UP', checks: { state: 'UP', erp: 'UP', queue: 'UP' } },
    })
  })

  test('a hundred at once share one look', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => api.ask('GET', '/ready', { as: null })))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await readdir(join(api.queue, 'leads/processar'))).toEqual([])
  })

  test.each([
    ['the state database', 'state', (it: TestApi) => it.deps.state.end()],
    ['the ERP', 'erp', (it: TestApi) => it.deps.erp.close()],
    ['the queue', 'queue', (it: TestApi) => rename(join(it.queue, 'contacts/.tmp'), join(it.queue, 'contacts/gone'))],
  ] as const)('with %s away: still UP, but not ready, and it says what is away', async (_, name, takeAway) => {
    const it = await openApi()
    await takeAway(it)
    expect(await it.ask('GET', '/health', { as: null })).toMatchObject({ status: 200 })
    const answer = await it.ask('GET', '/ready', { as: null })
    expect(answer).toMatchObject({ status: 503, json: { status: 'DOWN' } })
    expect(answer.json.checks).toEqual({ state: 'UP', erp: 'UP', queue: 'UP', [name]: 'DOWN' })
    expect(answer.text).not.toMatch(/postgres|\/tmp/)
    await it.close()
  })
})

describe('the queue', () => {
  const { leads, contacts } = { leads: () => api.deps.lanes.leads, contacts: () => api.deps.lanes.contacts }
  const look = async () => (await api.ask('GET', '/queue', { as: 'read' })).json
  async function bury(prefix: string, body: string): Promise<string> {
    await leads().enqueue(prefix, 'acme', body)
    for await (const claim of leads().claims({ prefixes: [prefix], worker: 'w' })) {
      for await (const { index } of claim.lines()) await claim.record(index, { kind: 'dead', code: 'x', reason: 'x', attempts: 1 })
      await claim.finish()
      return claim.name.file
    }
    return expect.unreachable()
  }

  test('GET /queue counts by lane, folder and prefix', async () => {
    expect(await look()).toEqual([])
    await leads().enqueue('update_leads_in_erp', 'acme', '{}')
    await leads().enqueue('update_leads_in_erp', 'acme', '{}')
    await contacts().enqueue('inserted_timeline', 'acme', '{}')
    expect(await look()).toEqual([
      { lane: 'leads', folder: 'processar', prefix: 'update_leads_in_erp', files: 2, oldestSeconds: expect.any(Number) },
      { lane: 'contacts', folder: 'processar', prefix: 'inserted_timeline', files: 1, oldestSeconds: expect.any(Number) },
    ])
  })

  test('POST /queue/falhas/{file}/requeue puts a dead letter back, and its job is woken', async () => {
    const file = await bury('converted_lead', '{"Lead":{"Id":1}}')
    expect(await look()).toContainEqual(expect.objectContaining({ folder: 'falhas', prefix: 'converted_lead', files: 1 }))
    const answer = await api.ask('POST', `/queue/falhas/${file}/requeue`)
    expect(answer).toMatchObject({ status: 200, json: { lane: 'leads', queued: 1, superseded: 0, left: 0 } })
    expect(await readdir(join(api.queue, 'leads/processar'))).toContain(answer.json.letter)
    expect(await readdir(join(api.queue, 'leads/falhas'))).toEqual([])
    expect(api.woken).toEqual(['job_update_converted_lead_in_erp'])
    expect(await api.ask('POST', `/queue/falhas/${file}/requeue`)).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } })
  })

  test.each(['..%2Fprocessar%2Fx.json', '%2Fetc%2Fpasswd', '.hidden.json', 'x.json.error.json', 'nothing.json'])(
    'no path leads out of falhas: %s is 404',
    async (file) => {
      expect(await api.ask('POST', `/queue/falhas/${file}/requeue`)).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } })
    },
  )
})

describe('the jobs', () => {
  test('GET /jobs lists them, each with its last run', async () => {
    await startRun(api.state, 'run-1', 'job_execute_spark')
    await endRun(api.state, 'run-1', 'success', { queued: 3 })
    await startRun(api.state, 'run-2', 'job_execute_spark')
    await endRun(api.state, 'run-2', 'stopped', {}, 'a guard')
    const { status, json } = await api.ask('GET', '/jobs', { as: 'read' })
    expect(status).toBe(200)
    expect(json.map(({ name }: { name: string }) => name)).toEqual(jobs.map(({ name }) => name))
    expect(json[0]).toMatchObject({ name: 'job_execute_spark', lastRun: { id: 'run-2', status: 'stopped', message: 'a guard' } })
    expect(json[1].lastRun).toBeNull()
  })

  test('GET /jobs/{name}/runs gives the history, newest first, by either name', async () => {
    const alias = jobs.find(({ aliases }) => aliases.length > 0)!
    await startRun(api.state, 'run-3', alias.name)
    const byAlias = await api.ask('GET', `/jobs/${alias.aliases[0]}/runs`, { as: 'read' })
    expect(byAlias).toMatchObject({ status: 200, json: [{ id: 'run-3', status: 'running', endedAt: null }] })
    const runs = await api.ask('GET', '/jobs/job_execute_spark/runs', { as: 'read' })
    expect(runs.json.map(({ id }: { id: string }) => id)).toEqual(['run-2', 'run-1'])
    expect(runs.json[1]).toMatchObject({ counts: { queued: 3 } })
    expect((await api.ask('GET', '/jobs/job_execute_spark/runs?limit=1', { as: 'read' })).json).toHaveLength(1)
  })

  test('an unknown job: 404; a wrong limit: 400', async () => {
    expect(await api.ask('GET', '/jobs/nothing/runs')).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } })
    for (const limit of ['0', '-1', 'x', '1000'])
      expect((await api.ask('GET', `/jobs/job_execute_spark/runs?limit=${limit}`)).status).toBe(400)
  })
})

test.each([
  ['GET', '/queue', 'webhook', 403],
  ['GET', '/queue', null, 401],
  ['GET', '/jobs', null, 401],
  ['GET', '/jobs/job_execute_spark/runs', 'webhook', 403],
  ['POST', '/queue/falhas/x.json/requeue', 'read', 403],
  ['POST', '/queue/falhas/x.json/requeue', null, 401],
  ['GET', '/queue/falhas', 'webhook', 403],
  ['POST', '/queue/falhas/x.json/edit', 'read', 403],
  ['POST', '/queue/falhas/x.json/discard', 'read', 403],
  ['POST', '/queue/falhas/requeue', 'read', 403],
  ['POST', '/held/release', 'read', 403],
  ['GET', '/why?tax_id=1', 'webhook', 403],
] as const)('%s %s with a token of scope %s: %i', async (method, path, as, status) => {
  expect((await api.ask(method, path, { as })).status).toBe(status)
})

test('the state database away: 503 with Retry-After', async () => {
  const it = await openApi()
  await it.deps.state.end()
  const answer = await it.ask('GET', '/jobs')
  expect(answer).toMatchObject({ status: 503, json: { code: 'STATE_UNAVAILABLE' } })
  expect(answer.headers.get('retry-after')).not.toBeNull()
  await it.close()
})
