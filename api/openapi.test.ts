/** The document at /openapi.json: valid, whole, and true: one request per documented operation is held against it. */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startRun } from '../connectors/state/runs/runs.ts'
import { openTask } from '../connectors/state/runs/tasks.ts'
import { type Ask, openApi, type TestApi } from './testing/api.ts'
import { type Operation, operations, schemaOf } from './testing/documented.ts'

const pathSecret = 'a-secret-in-the-path'
const taskId = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
const deadUpdate = 'update_leads_in_crm_2.json'
const deadLetter = 'lead_descartada_acme.json'

const event = { json: { Lead: { Id: 7, Stage: 'Ativação', Company: 'Alfa' } } }
const product = [{ productId: 10001, quantity: 1, labelValue: '10.00' }]
const lead = { lead: { name: 'Gama' } }

/** What to ask, and the success that must come back. An operation that is not here fails the test that looks for it. */
const samples: Readonly<Record<string, { path?: string; ask?: Ask; status: number }>> = {
  'PUT /atualizalead/{lead_id}': { path: '/atualizalead/1', ask: { json: lead }, status: 201 },
  'POST /leads': { ask: { json: lead }, status: 200 },
  'PUT /leads': { ask: { json: { Id: 1, Fields: [{ field_name: 'name', field_value: 'x' }] } }, status: 200 },
  'GET /leads': { status: 200 },
  'GET /lead/{id}': { path: '/lead/1', status: 200 },
  'GET /leadaddinfo/{lead_id}': { path: '/leadaddinfo/1', status: 200 },
  'GET /leadid/{cnpj}': { path: '/leadid/191', status: 200 },
  'GET /leadstage/{cnpj}': { path: '/leadstage/191', status: 200 },
  'POST /passagemdebastao/{lead_id}': { path: '/passagemdebastao/1', status: 202 },
  'GET /tasks/{id}': { path: `/tasks/${taskId}`, status: 200 },
  'POST /dummycontact/{lead_id}': { path: '/dummycontact/1', status: 200 },
  'GET /maincontact/{lead_id}/{contact_id}': { path: '/maincontact/1/10', status: 200 },
  'POST /atualizacontato/{contact_id}': { path: '/atualizacontato/10', ask: { json: { name: 'Ana' } }, status: 200 },
  'POST /contatoobs/{lead_id}/{flag}': { path: '/contatoobs/1/N', status: 201 },
  'GET /codgestores': { status: 200 },
  'POST /inserecontato': { ask: { json: { leadId: 1, name: 'Zé' } }, status: 200 },
  'POST /vendelead': { ask: { json: { leadId: 2, salesRepEmail: 'a@example.com', products: product } }, status: 200 },
  'POST /orcalead/{lead_id}': { path: '/orcalead/1', ask: { json: { leadId: 1, products: product } }, status: 200 },
  'GET /inscricaoestadual/{lead_id}': { path: '/inscricaoestadual/1', status: 200 },
  'GET /representante/{lead_id}': { path: '/representante/1', status: 200 },
  'GET /analisefinanceira/{lead_id}': { path: '/analisefinanceira/1', status: 200 },
  'GET /buscacontato/{lead_id}': { path: '/buscacontato/1', status: 200 },
  'GET /endruanumero/{lead_id}': { path: '/endruanumero/1', status: 200 },
  'GET /edit_json': { status: 200 },
  'POST /edit_json': { ask: { form: { lead_id: '8', depara: '_cod.gestores', value: '12' } }, status: 302 },
  'GET /leadvendida/{lead_id}': { path: '/leadvendida/3', status: 200 },
  'GET /mercados': { status: 200 },
  'POST /mercados': { ask: { json: { value: [{ id: 1, value: 'Varejo' }] } }, status: 200 },
  'POST /atualizalead': { ask: event, status: 200 },
  'POST /convertedlead': { ask: event, status: 200 },
  'POST /leaddescartada': { ask: event, status: 200 },
  'POST /insertedtimeline': { ask: { json: { any: 'thing' } }, status: 200 },
  'POST /in/{secret}/atualizalead': { path: `/in/${pathSecret}/atualizalead`, ask: { ...event, as: null }, status: 200 },
  'POST /in/{secret}/convertedlead': { path: `/in/${pathSecret}/convertedlead`, ask: { ...event, as: null }, status: 200 },
  'POST /in/{secret}/leaddescartada': { path: `/in/${pathSecret}/leaddescartada`, ask: { ...event, as: null }, status: 200 },
  'POST /in/{secret}/insertedtimeline': { path: `/in/${pathSecret}/insertedtimeline`, ask: { json: {}, as: null }, status: 200 },
  'GET /health': { ask: { as: null }, status: 200 },
  'GET /ready': { ask: { as: null }, status: 200 },
  'GET /metrics': { status: 200 },
  'GET /queue': { status: 200 },
  'GET /queue/falhas': { path: '/queue/falhas?prefix=update_leads_in_crm&limit=1', status: 200 },
  'GET /queue/falhas/{file}': { path: `/queue/falhas/${deadUpdate}`, status: 200 },
  'POST /queue/falhas/{file}/edit': {
    path: `/queue/falhas/${deadUpdate}/edit`,
    ask: { json: { set: { name: 'Beta' }, requeue: false } },
    status: 200,
  },
  'POST /queue/falhas/{file}/discard': {
    path: `/queue/falhas/${deadUpdate}/discard`,
    ask: { json: { reason: 'for the test' } },
    status: 200,
  },
  'POST /queue/falhas/requeue': { ask: { json: { prefix: 'update_contacts_in_crm' } }, status: 200 },
  'GET /held': { status: 200 },
  'POST /held/release': { ask: { json: { keys: [{ entity: 'leads.update', key: '1' }] } }, status: 200 },
  'GET /why': { path: '/why?lead_id=1', status: 200 },
  'POST /queue/falhas/{file}/requeue': { path: `/queue/falhas/${deadLetter}/requeue`, status: 200 },
  'GET /jobs': { status: 200 },
  'GET /jobs/{name}/runs': { path: '/jobs/job_execute_spark/runs', status: 200 },
  'POST /jobs/{name}/runs': { path: '/jobs/job_leads_full_sync/runs', ask: { json: { dryRun: true } }, status: 202 },
  'POST /jobs/{name}/pause': { path: '/jobs/purge/pause', status: 200 },
  'POST /jobs/{name}/resume': { path: '/jobs/purge/resume', status: 200 },
  'POST /pause': { status: 200 },
  'POST /resume': { status: 200 },
  'GET /runs': { status: 200 },
  'GET /runs/{id}': { path: '/runs/run-1', status: 200 },
}

let api: TestApi
let documented: Operation[]
beforeAll(async () => {
  api = await openApi({ settings: { webhookPathSecrets: [createHash('sha256').update(pathSecret).digest('hex')] } })
  documented = operations(api.app)
  await api.simulator.load([
    { kind: 'lead', id: 1, lead: 'Alfa', cnpj: '00000000000191' },
    { kind: 'lead', id: 2, lead: 'Beta' },
    { kind: 'lead', id: 3, lead: 'Sold' },
    { kind: 'person', id: 10, leadId: 1, name: 'Ana', mainContact: true },
    { kind: 'sale', leadId: 3, saleDate: '2026-01-01T00:00:00.000000Z', products: product },
  ])
  await api.erp.query("insert into leads (id, name) values (1, 'Alfa')")
  await openTask(api.state, { id: taskId, kind: 'test', leadId: 1, steps: [1] })
  await startRun(api.state, 'run-1', 'job_execute_spark')
  const { leads } = api.deps.lanes
  await leads.enqueue('converted_lead', 'x', JSON.stringify({ Lead: { Id: 8 } }))
  await writeFile(join(api.queue, 'leads/falhas', deadUpdate), JSON.stringify({ ID: '2', NAME: 'Alfa' }))
  await leads.enqueue('lead_descartada', 'x', '{}')
  for await (const claim of leads.claims({ prefixes: ['lead_descartada'], worker: 'w' })) {
    await claim.reject('test', 'for the requeue')
    samples['POST /queue/falhas/{file}/requeue']!.path = `/queue/falhas/${claim.name.file}/requeue`
  }
})
afterAll(() => api.close())

const keyOf = ({ method, path }: Pick<Operation, 'method' | 'path'>) => `${method} ${path}`
const document = async () => (await api.app.request('http://ponte.test/openapi.json')).json() as Promise<Record<string, unknown>>

describe('the document', () => {
  test('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(await document())
    expect(result).toMatchObject({ valid: true })
    expect((await document()).openapi).toBe('3.1.0')
  })

  test('has every route of the old service and every route that operators are promised, and nothing that is not tried below', () => {
    expect(documented.map(keyOf).sort()).toEqual(Object.keys(samples).sort())
  })

  test('has every route that the app answers, except the pages', () => {
    const isPage = (path: string) => ['/', '/openapi.json', '/docs'].includes(path) || /^\/(ui|painel)(\/|$)/.test(path)
    const inApp = api.app.routes.filter(({ method, path }) => method !== 'ALL' && !isPage(path))
    const known = new Set(documented.map(({ method, path }) => `${method} ${path.replace(/\{(\w+)\}/g, ':$1')}`))
    expect(inApp.map(({ method, path }) => `${method} ${path}`).filter((route) => !known.has(route))).toEqual([])
  })

  test('has a schema for every response and every body, and a summary for every operation', async () => {
    const { paths } = (await document()) as { paths: Record<string, Record<string, DocumentedOperation>> }
    const wanting: string[] = []
    for (const [path, methods] of Object.entries(paths))
      for (const [method, { summary, responses, requestBody }] of Object.entries(methods)) {
        if (!summary) wanting.push(`${method} ${path}: summary`)
        for (const [status, response] of Object.entries({ ...responses, ...(requestBody ? { body: requestBody } : {}) })) {
          const contents = Object.values(response.content ?? {})
          if (contents.length === 0 || contents.some(({ schema }) => !schema)) wanting.push(`${method} ${path} ${status}`)
        }
      }
    expect(wanting).toEqual([])
  })

  test('names what each error body holds by one schema, with its machine-readable codes', async () => {
    for (const operation of documented)
      for (const status of Object.keys(operation.route.responses)
        .map(Number)
        .filter((one) => one >= 401 && one !== 503))
        expect(schemaOf(operation, status, 'application/json')?.safeParse({ code: 'NOPE', message: '' }).success, keyOf(operation)).toBe(
          false,
        )
  })
})

/** `ask` itself fails when status or body are not what the document says. */
describe('each operation', () => {
  test.each(Object.entries(samples))('%s succeeds as documented', async (key, { status }) => {
    const [method, path] = key.split(' ') as [string, string]
    const { path: asked = path, ask } = samples[key]!
    const answer = await api.ask(method, asked, ask)
    expect({ status: answer.status, text: answer.status === status ? '' : answer.text }).toEqual({ status, text: '' })
  })

  test.each(Object.keys(samples))('%s is closed to who has no token, unless the document says that it is open', async (key) => {
    const operation = documented.find((one) => keyOf(one) === key)!
    const [method, path] = key.split(' ') as [string, string]
    const { path: asked = path, ask = {} } = samples[key]!
    const answer = await api.ask(method, asked.replace(pathSecret, 'another-secret'), { ...ask, as: null })
    const isOpen = ['GET /health', 'GET /ready', 'GET /edit_json'].includes(key)
    // The form of browsers first asks whether it comes from our page.
    const refused = key === 'POST /edit_json' ? 403 : 401
    expect(answer.status).toBe(isOpen ? 200 : refused)
    if (operation.route.security === undefined) expect(isOpen || path.startsWith('/in/')).toBe(true)
  })
})

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: unknown }>>
}
interface DocumentedOperation {
  readonly summary?: string
  readonly responses: Readonly<Record<string, Content>>
  readonly requestBody?: Content
}
