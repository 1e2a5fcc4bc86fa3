/** What operators do with refused letters over HTTP. */
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { settleFailed } from '../../connectors/state/changes/delivery.ts'
import { recordQueued } from '../../connectors/state/changes/queueing.ts'
import { listAudit } from '../../connectors/state/people/audit.ts'
import { acquireLease } from '../../connectors/state/runs/leases.ts'
import { openApi, type TestApi } from '../testing/api.ts'

let api: TestApi
beforeEach(async () => {
  api = await openApi()
  await api.simulator.load([{ kind: 'lead', id: 7, lead: 'No CRM', cnpj: '00000000000191' }])
})
afterEach(() => api.close())

const prefix = 'update_leads_in_crm'
const line = (key: string, more: object = {}) =>
  JSON.stringify({
    ID: key,
    NAME: `Empresa ${key}`,
    TAXID: '191',
    PHONE: '1',
    ...more,
    _RUN: 'r1',
    _ENTITY: 'leads.update',
    _KEY: key,
    _HASH: 'h',
  })

/** A letter of updates of these leads, every line of it refused. */
async function bury(...keys: string[]): Promise<string> {
  const { leads } = api.deps.lanes
  const letter = await leads.enqueue(prefix, 'x', keys.map((key) => line(key)).join('\n'))
  const lease = (await acquireLease(api.state, 'test', 'test', 60_000))!
  await recordQueued(
    api.state,
    'r1',
    'leads.update',
    keys.map((key) => ({ key, hash: 'h', letter })),
  )
  for await (const claim of leads.claims({ prefixes: [prefix], worker: 'w' })) {
    for await (const { index } of claim.lines()) {
      await claim.record(index, { kind: 'dead', code: 'CRM_REJECTED', reason: 'Não serve', attempts: 1, httpStatus: 400 })
      await settleFailed(api.state, { run: 'r1', entity: 'leads.update', key: keys[index]! }, 'CRM_REJECTED', false, lease)
    }
    await claim.finish()
  }
  await lease.release()
  return letter
}
const inFolder = async (folder: string) => (await readdir(join(api.queue, 'leads', folder))).filter((name) => !name.endsWith('.error.json'))

test('are listed by what they are, a page at a time', async () => {
  const [first, second] = [await bury('7'), await bury('8')]
  const page = await api.ask('GET', `/queue/falhas?entity=leads.update&code=CRM_REJECTED&limit=1`, { as: 'read' })
  expect(page.json).toMatchObject({
    matching: 2,
    letters: [{ file: first, total: 1, lines: [{ line: 1, about: { key: '7', name: 'Empresa 7' } }] }],
  })
  const next = await api.ask('GET', `/queue/falhas?limit=1&after=${encodeURIComponent(page.json.next)}`, { as: 'read' })
  expect(next.json.letters.map(({ file }: { file: string }) => file)).toEqual([second])
  expect((await api.ask('GET', '/queue/falhas?lead_id=8', { as: 'read' })).json.letters).toHaveLength(1)
  expect((await api.ask('GET', '/queue/falhas?text=n%C3%A3o%20SERVE')).json.letters).toHaveLength(2)
  for (const wrong of ['limit=0', 'limit=201', 'entity=shoes', 'after=x', 'older_than_seconds=-1'])
    expect(await api.ask('GET', `/queue/falhas?${wrong}`)).toMatchObject({ status: 400 })
  expect(await api.ask('GET', '/queue/falhas?job=nothing')).toMatchObject({ status: 404 })
})

test('one is shown beside what both sides hold', async () => {
  const shown = await api.ask('GET', `/queue/falhas/${await bury('7')}`, { as: 'read' })
  expect(shown.json.lines[0]).toMatchObject({ standing: 'open', erp: { kind: 'absent' }, crm: { kind: 'read' }, crmId: 7 })
  expect(shown.json.lines[0].fields).toContainEqual(
    expect.objectContaining({ field: 'NAME', sent: 'Empresa 7', erp: null, crm: 'No CRM', editable: true }),
  )
  expect(await api.ask('GET', '/queue/falhas/nothing.json')).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } })
})

describe('editing', () => {
  test('corrects a line and puts it back; who looked at an older version is told', async () => {
    const file = await bury('7', '8')
    const { version } = (await api.ask('GET', `/queue/falhas/${file}`)).json
    const first = await api.ask('POST', `/queue/falhas/${file}/edit`, { json: { line: 2, set: { name: 'Nova Ltda' }, version } })
    expect(first.json).toMatchObject({
      changed: [{ field: 'NAME', from: 'Empresa 8', to: 'Nova Ltda' }],
      ownedByErp: ['NAME'],
      requeued: { queued: 1, left: 1 },
    })
    const second = await api.ask('POST', `/queue/falhas/${file}/edit`, { json: { line: 1, set: { name: 'Outra' }, version } })
    expect(second).toMatchObject({ status: 409, json: { code: 'CONFLICT' } })
    expect((await listAudit(api.state, { limit: 1 }))[0]).toMatchObject({ actor: 'token:operate', action: 'falhas.edit', outcome: 'done' })
  })

  test.each([
    [{ set: { phone: 'call me' } }, /no field "phone"/],
    [{ set: { zipcode: '1' } }, /address_zipcode: expected: 8 digits/],
    [{ set: { name: '' } }, /name: may not be empty/],
    [{ set: { name: 7 } }, /set\.name/],
    [{}, /set/],
  ])('%j is refused by name: 400, nothing is changed', async (json, message) => {
    const file = await bury('7')
    const answer = await api.ask('POST', `/queue/falhas/${file}/edit`, { json })
    expect(answer).toMatchObject({ status: 400, json: { code: 'INVALID_PAYLOAD', message: expect.stringMatching(message) } })
    expect(await inFolder('falhas')).toEqual([file])
  })
})

test('requeueing takes the lines that are named, or all that a filter names', async () => {
  const file = await bury('7', '8', '9')
  expect((await api.ask('POST', `/queue/falhas/${file}/requeue`, { json: { lines: [2] } })).json).toMatchObject({ queued: 1, left: 2 })
  expect(await api.ask('POST', `/queue/falhas/${file}/requeue`, { json: { lines: [2] } })).toMatchObject({ status: 400 })
  for (const json of [{}, { all: true, code: 'X' }])
    expect(await api.ask('POST', '/queue/falhas/requeue', { json })).toMatchObject({ status: 400 })
  expect((await api.ask('POST', '/queue/falhas/requeue', { json: { lead_id: '9' } })).json).toEqual({
    letters: 1,
    queued: 1,
    superseded: 0,
    more: false,
  })
  // The ERP knows nothing of lead 7: recomputed, there is nothing to send.
  const rebased = await api.ask('POST', '/queue/falhas/requeue', { json: { all: true, rebase: true } })
  expect(rebased.json).toEqual({ letters: 1, queued: 0, superseded: 1, more: false })
  expect(await inFolder('falhas')).toEqual([])
})

test('discarding keeps the reason, holds the record, and can be taken back', async () => {
  const file = await bury('7')
  expect(await api.ask('POST', `/queue/falhas/${file}/discard`, { json: { reason: ' ' } })).toMatchObject({ status: 400 })
  expect((await api.ask('POST', `/queue/falhas/${file}/discard`, { json: { reason: 'a filial fechou' } })).json).toMatchObject({
    lines: 1,
    left: 0,
  })
  expect((await api.ask('GET', '/held', { as: 'read' })).json).toMatchObject([{ entity: 'leads.update', key: '7', code: 'DISCARDED' }])
  const keys = [{ entity: 'leads.update', key: '7' }]
  expect((await api.ask('POST', '/held/release', { json: { keys } })).json).toEqual({ released: keys })
  expect((await api.ask('POST', '/held/release', { json: { keys } })).json).toEqual({ released: [] })
  const { happenings } = (await api.ask('GET', '/why?lead_id=7', { as: 'read' })).json
  expect(happenings.map(({ kind }: { kind: string }) => kind)).toEqual(['change', 'refusal', 'operator', 'operator'])
  for (const query of ['', '?lead_id=7&tax_id=1', '?lead_id=x']) expect(await api.ask('GET', `/why${query}`)).toMatchObject({ status: 400 })
})

test('a file that is no text is listed, shown and discarded whole', async () => {
  await writeFile(join(api.queue, 'leads/falhas', `${prefix}_x.json`), Buffer.from([0xff, 0x00]))
  expect((await api.ask('GET', '/queue/falhas')).json.letters).toMatchObject([{ file: `${prefix}_x.json`, total: 1, lines: [] }])
  expect((await api.ask('GET', `/queue/falhas/${prefix}_x.json`)).json.lines).toEqual([])
  expect(await api.ask('POST', `/queue/falhas/${prefix}_x.json/edit`, { json: { set: { name: 'X' } } })).toMatchObject({ status: 400 })
  expect(await api.ask('POST', `/queue/falhas/${prefix}_x.json/discard`, { json: { reason: 'unreadable' } })).toMatchObject({ status: 200 })
})
