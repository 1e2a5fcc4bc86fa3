/** POST /passagemdebastao and GET /tasks, on the simulated CRM. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { openApi, type TestApi } from '../testing/api.ts'

let api: TestApi
let leadId = 0
beforeAll(async () => {
  api = await openApi({ settings: { qualificationPauseMs: 60 } })
})
afterAll(() => api.close())
beforeEach(async () => {
  leadId++
  await api.simulator.load([{ kind: 'lead', id: leadId, lead: `Lead ${leadId}` }])
})
afterEach(() => api.simulator.setFaults({}))

const start = (query = '', id = leadId) => api.ask('POST', `/passagemdebastao/${id}${query}`)
const look = (path: string) => api.ask('GET', path, { as: 'read' })
const ended = (path: string) =>
  vi.waitFor(
    async () => {
      const { json } = await look(path)
      expect(['done', 'failed']).toContain(json.status)
      return json
    },
    { timeout: 20_000, interval: 20 },
  )
const stage = () => api.simulator.state.lead(leadId)?.stage

describe('POST /passagemdebastao/{lead_id}', () => {
  test('answers at once with where to look: 202 and Location; then the three answers are given', async () => {
    const answer = await start()
    expect(answer.status).toBe(202)
    const path: string = answer.json.status
    expect(path).toMatch(/^\/tasks\/[0-9A-Z]{26}$/)
    expect(answer.headers.get('location')).toBe(path)
    expect(await ended(path)).toEqual({
      id: path.slice('/tasks/'.length),
      kind: 'passagemdebastao',
      leadId,
      status: 'done',
      step: 3,
      of: 3,
    })
    expect(stage()).toBe('Passagem de bastão')
  })

  test('joins the task under way', async () => {
    const [one, two] = [await start(), await start()]
    expect(two).toMatchObject({ status: 202, json: one.json })
    await ended(one.json.status)
  })

  test('is not disturbed by another process that looks for open tasks', async () => {
    const { json } = await start()
    api.another()
    expect(await ended(json.status)).toMatchObject({ status: 'done' })
  })

  test('with ?sync=true waits and answers as it used to: 201', async () => {
    expect(await start('?sync=true')).toMatchObject({ status: 201, json: { message: expect.any(String) } })
    expect(stage()).toBe('Passagem de bastão')
  })

  test('with ?sync=true a failure is 400 with the step that failed, from 0', async () => {
    expect(await start('?sync=true', 9_999)).toMatchObject({
      status: 400,
      json: { erro: expect.any(String), etapa: 0, code: 'NOT_FOUND' },
    })
    api.simulator.setFaults({ errors5xx: 1 })
    expect(await start('?sync=true')).toMatchObject({ status: 400, json: { etapa: 0, code: 'CRM_UNAVAILABLE' } })
  })

  test('a failure is told by the task: code, and how far it came', async () => {
    const { json } = await start()
    await vi.waitFor(async () => expect((await look(json.status)).json.step).toBe(1), { timeout: 10_000, interval: 5 })
    api.simulator.setFaults({ errors400: 1 })
    expect(await ended(json.status)).toMatchObject({
      status: 'failed',
      step: 1,
      of: 3,
      error: { code: 'CRM_REFUSED', message: expect.any(String) },
    })
  })

  test('a lead that is no number, and a flag that is none: 400', async () => {
    expect((await api.ask('POST', '/passagemdebastao/x')).status).toBe(400)
    expect((await start('?sync=maybe')).status).toBe(400)
  })

  test('needs a token that may act', async () => {
    expect((await api.ask('POST', `/passagemdebastao/${leadId}`, { as: 'read' })).status).toBe(403)
    expect((await api.ask('POST', `/passagemdebastao/${leadId}`, { as: null })).status).toBe(401)
  })
})

test('GET /tasks/{id}: 404 for a task that never was, 400 for what is no id, 401 without a token', async () => {
  expect(await look('/tasks/01ARZ3NDEKTSV4RRFFQ69G5FAV')).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } })
  expect((await look("/tasks/'; drop table tasks")).status).toBe(400)
  expect((await api.ask('GET', '/tasks/01ARZ3NDEKTSV4RRFFQ69G5FAV', { as: null })).status).toBe(401)
})
