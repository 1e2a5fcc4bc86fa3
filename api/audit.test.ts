/** Whatever a token does is in the audit log: who, what, to what, how it ended; names of fields, and no value of theirs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listAudit } from '../connectors/state/people/audit.ts'
import { openApi, type TestApi } from './testing/api.ts'
import { operations } from './testing/documented.ts'

let api: TestApi
let lead: number
beforeAll(async () => {
  api = await openApi()
  await api.simulator.load([
    { kind: 'lead', id: 4711, lead: 'Padaria', stage: 'Entrada' },
    { kind: 'person', id: 4712, leadId: 4711, name: 'Ana' },
  ])
  lead = 4711
})
afterAll(() => api.close())

const secret = 'Rua das Acácias'
const product = { productId: 10001, quantity: 1, labelValue: '10.00' }
type Case = readonly [
  route: string,
  path: string,
  body: unknown,
  entry: { action: string; target: string; after?: unknown; outcome?: string },
]
const cases: readonly Case[] = [
  [
    'PUT /atualizalead/{lead_id}',
    '/atualizalead/4711',
    { lead: { address: secret } },
    { action: 'leads.update', target: 'leads 4711', after: { fields: ['address'] } },
  ],
  [
    'PUT /leads',
    '/leads',
    { Id: 4711, Fields: [{ field_name: 'address', field_value: secret }] },
    { action: 'leads.update', target: 'leads 4711' },
  ],
  [
    'POST /leads',
    '/leads',
    { lead: { name: secret } },
    {
      action: 'leads.create',
      target: 'new',
      after: { fields: ['name'], records: [{ entity: 'leads', key: expect.stringMatching(/^\d+$/) }] },
    },
  ],
  ['POST /contatoobs/{lead_id}/{flag}', '/contatoobs/4711/S', undefined, { action: 'leads.update', target: 'leads 4711' }],
  ['POST /dummycontact/{lead_id}', '/dummycontact/4711', undefined, { action: 'contacts.create', target: 'new' }],
  [
    'POST /atualizacontato/{contact_id}',
    '/atualizacontato/4712',
    { name: secret, leadId: 4711 },
    { action: 'contacts.update', target: 'contacts 4712-4711' },
  ],
  ['POST /inserecontato', '/inserecontato', { name: secret, leadId: 4711 }, { action: 'contacts.create', target: 'new' }],
  ['POST /orcalead/{lead_id}', '/orcalead/4711', { leadId: 4711, products: [product] }, { action: 'leads.budget', target: 'leads 4711' }],
  [
    'POST /vendelead',
    '/vendelead',
    { leadId: 999_999, products: [product] },
    { action: 'leads.sell', target: 'leads 999999', outcome: 'NOT_FOUND' },
  ],
  ['POST /mercados', '/mercados', { value: [{ id: 7, value: secret }] }, { action: 'industries.store', target: '1 industries' }],
  ['POST /passagemdebastao/{lead_id}', '/passagemdebastao/4711', undefined, { action: 'leads.handover', target: 'leads 4711' }],
  [
    'POST /jobs/{name}/runs',
    '/jobs/job_leads_full_sync/runs',
    { dryRun: true },
    { action: 'jobs.run', target: 'job_leads_full_sync', after: { dryRun: true } },
  ],
  ['POST /jobs/{name}/pause', '/jobs/job_execute_spark/pause', undefined, { action: 'jobs.pause', target: 'job_execute_spark' }],
  ['POST /jobs/{name}/resume', '/jobs/job_execute_spark/resume', undefined, { action: 'jobs.resume', target: 'job_execute_spark' }],
  ['POST /pause', '/pause', undefined, { action: 'jobs.pause', target: '*' }],
  ['POST /resume', '/resume', undefined, { action: 'jobs.resume', target: '*' }],
]

test.each(cases)('%s', async (route, path, body, entry) => {
  const [method = ''] = route.split(' ')
  const answer = await api.ask(method, path, body === undefined ? {} : { json: body })
  expect(answer.status < 400, answer.text).toBe(entry.outcome === undefined)
  const [last] = await listAudit(api.state, { actor: 'token:operate', limit: 1 })
  expect(last).toMatchObject({ outcome: 'done', ...entry })
  expect(JSON.stringify(last)).not.toContain(secret)
})

test('POST /edit_json, by a token in a form too', async () => {
  await api.deps.lanes.leads.enqueue('converted_lead', 'acme', JSON.stringify({ Lead: { Id: lead, Company: 'x', Stage: 'y' } }))
  const answer = await api.ask('POST', '/edit_json', { form: { lead_id: String(lead), depara: '_cod.gestores', value: '12' } })
  expect(answer.status).toBe(302)
  expect(await listAudit(api.state, { limit: 1 })).toMatchObject([
    { actor: 'token:operate', action: 'letters.edit', target: 'leads 4711', outcome: 'done' },
  ])
})

test('what a refused request asked for was never begun, and is no entry', async () => {
  const [before] = await listAudit(api.state, { limit: 1 })
  for (const as of ['read', 'webhook', null] as const) expect((await api.ask('POST', '/pause', { as })).status).toBeGreaterThan(400)
  expect((await api.ask('PUT', '/leads', { json: { Id: 'x' } })).status).toBe(400)
  expect((await listAudit(api.state, { limit: 1 }))[0]?.id).toBe(before?.id)
})

describe('a new route', () => {
  /** Acts on letters and held keys: operations writes the entries, and its tests look at them. */
  const elsewhere = /^POST \/(queue\/falhas\/|held\/release$|edit_json$)/
  const delivered = /^POST \/(in\/|atualizalead$|convertedlead$|leaddescartada$|insertedtimeline$)/

  test('that acts is among those above', () => {
    const acting = operations(api.app)
      .map(({ method, path }) => `${method} ${path}`)
      .filter((route) => !route.startsWith('GET ') && !elsewhere.test(route) && !delivered.test(route))
    expect(acting.toSorted()).toEqual(cases.map(([route]) => route).toSorted())
  })
})
