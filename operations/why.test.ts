/** Everything that happened to one company, found by whatever a person knows of it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Bridge, openBridge } from '../jobs/testing/bridge.ts'
import { insertLeads, onlyDead, operatorAt, pickyCrm, refuse, taxIdOf } from '../jobs/testing/operator.ts'
import { addBranch, addContact, seedReference } from '../jobs/testing/small-erp.ts'
import { discardDead } from './discard-dead.ts'
import { editDead } from './edit-dead.ts'
import type { Question } from './who-is.ts'
import { why } from './why.ts'

let bridge: Bridge
beforeEach(async () => {
  bridge = await openBridge(pickyCrm)
  await seedReference(bridge.erp)
})
afterEach(() => bridge.close())

const ask = (question: Question, sources = {}) => {
  const { state, erp, crm, lanes } = bridge.context
  return why({ state, erp, crm, lanes, ...sources }, question)
}
const told = async (question: Question) => (await ask(question)).happenings.map(({ kind, record, code }) => [kind, record, code])

/** As after a clock that was set back again and again: every later thing has an earlier time. */
async function clockRunsBackwards() {
  const times = { changes: ['created_at', 'updated_at'], audit: ['at'], inbound_events: ['ended_at'] }
  await bridge.state.query(
    `set session_replication_role = replica;
     ${Object.entries(times)
       .flatMap(([table, columns]) =>
         columns.map((column) => `update ${table} set ${column} = timestamptz '2026-06-01' - (${column} - now());`),
       )
       .join('\n')}
     set session_replication_role = origin`,
  )
}

test('a lead is followed from its refusal over its correction to its events, by tax id, lead and client code alike', async () => {
  await refuse(bridge, 1)
  await addBranch(bridge.erp, { client: 2, taxId: taxIdOf(2) })
  await addContact(bridge.erp, { code: 5, client: 1, name: 'Zé da Silva', email: 'ze@example.com' })
  const before = await ask({ taxId: '10.000.000/0000-01' })
  expect(before.who).toMatchObject({ branches: ['1-1'], leads: [], names: ['EMPRESA 1 LTDA'], notes: [] })
  expect(before.happenings).toMatchObject([
    { kind: 'change', record: 'branch 1-1', letter: expect.stringMatching(/^insert_leads_in_crm_/) },
    { kind: 'refusal', code: 'NOT_FOUND', text: expect.stringMatching(/^refused: .*It lies in falhas\.$/) },
  ])

  await editDead(operatorAt(bridge), await onlyDead(bridge), { set: { industry: 'Varejo' }, requeue: true })
  await bridge.cycle()
  await bridge.run('job_insert_contacts_in_spotter')
  const lead = String((await bridge.context.crm.leadsByTaxId(taxIdOf(1)))[0]!.id)
  await bridge.context.lanes.leads.enqueue('converted_lead', 'x', JSON.stringify({ Lead: { Id: Number(lead), Stage: 'Novos leads' } }))
  await bridge.run('job_update_converted_lead_in_erp')

  const expected = [
    ['change', 'branch 1-1', null],
    ['operator', 'branch 1-1', null],
    // Its contacts are queued as soon as the lead has an id.
    ['change', 'contact 5', null],
    ['delivery', 'branch 1-1', null],
    ['delivery', 'contact 5', null],
    ['event', `lead ${lead}`, null],
  ]
  for (const question of [{ taxId: taxIdOf(1) }, { leadId: lead }, { clientCode: '1' }]) expect(await told(question)).toEqual(expected)
  await clockRunsBackwards()
  expect(await told({ leadId: lead })).toEqual(expected)
  const { happenings } = await ask({ leadId: lead })
  expect(happenings.find(({ kind }) => kind === 'operator')!.text).toBe('cli:test: falhas.edit: INDUSTRY Pesca → Varejo')
})

test('with both systems away it tells what Ponte remembers, and says so', async () => {
  await bridge.cycle()
  await addBranch(bridge.erp, { client: 2, taxId: taxIdOf(2) })
  await bridge.cycle()
  const away = () => Promise.reject(new Error('connection refused'))
  const { who, happenings } = await ask(
    { taxId: taxIdOf(2) },
    { erp: { viewRows: away, logsOf: away, clock: away }, crm: { leadsByTaxId: away, leadById: away, persons: away } },
  )
  expect(who.notes).toEqual([
    expect.stringMatching(/^The ERP cannot be asked now: .*own logs \(LOG_EXECUTION_CRM, ERROR_LOG\) are missing\.$/),
    expect.stringMatching(/^The CRM cannot be asked now/),
  ])
  expect(who.away).toEqual(['ERP', 'CRM'])
  expect(happenings.map(({ kind }) => kind)).toEqual(['change', 'delivery'])
})

describe('what the ERP wrote down itself', () => {
  const away = () => Promise.reject(new Error('permission denied'))
  const byErp = async (sources = {}) => {
    const { who, happenings } = await ask({ taxId: taxIdOf(1) }, sources)
    return { who, entries: happenings.filter(({ kind }) => kind === 'erp log').map(({ record, code, text }) => [record, code, text]) }
  }
  let lead: string
  beforeEach(async () => {
    await addBranch(bridge.erp, { client: 1, taxId: taxIdOf(1) })
    await addContact(bridge.erp, { code: 5, client: 1, name: 'Zé da Silva', email: 'ze@example.com' })
    await bridge.cycle()
    lead = String((await bridge.context.crm.leadsByTaxId(taxIdOf(1)))[0]!.id)
    await bridge.context.erp.logExecution({ job: 'job_x', leadId: lead, leadName: 'N', field: 'BUDGET_VALUE', value: '7.5' })
    await bridge.context.erp.logExecution({ job: 'job_x', leadId: `${lead}0`, leadName: 'N', field: 'BUDGET_VALUE', value: '8' })
  })

  test('of the lead and of its persons, also of one that never came into the mirror', async () => {
    // Where only the CRM knows the person: its first event was refused.
    const person = String((await bridge.context.crm.persons(Number(lead)))[0]!.id)
    for (const table of ['agreed', 'changes']) await bridge.state.query(`delete from ${table} where entity like 'contacts%'`)
    await bridge.erp.query(`insert into error_log (errorcode, errorstack, error_info) values (-20020, E'P2020 no_rule\nmore', $1)`, [
      `contact ${person}`,
    ])
    const { who, entries } = await byErp()
    expect(who.notes).toEqual([])
    expect(entries).toEqual([
      [`lead ${lead}`, null, 'job_x wrote down: BUDGET_VALUE 7.5'],
      [`contact ${person}`, '-20020', 'the ERP’s ERROR_LOG: P2020 no_rule'],
    ])
  })

  test('stands where it happened, though the ERP’s clock is hours behind', async () => {
    const { erp } = bridge.context
    const behind = (at: Date) => new Date(at.getTime() - 3 * 3_600_000)
    const logsOf: typeof erp.logsOf = async (...asked) => (await erp.logsOf(...asked)).map((row) => ({ ...row, at: behind(row.at) }))
    const { happenings } = await ask(
      { taxId: taxIdOf(1) },
      { erp: { viewRows: erp.viewRows, logsOf, clock: async () => behind(await erp.clock()) } },
    )
    expect(happenings.at(-1)).toMatchObject({ kind: 'erp log', text: 'job_x wrote down: BUDGET_VALUE 7.5' })
  })

  test('is bounded, and says so', async () => {
    await bridge.erp.query(
      `insert into log_execution_crm (job, lead_id, field, value) select 'job_x', $1, 'STAGE', n::text from generate_series(1, 300) n`,
      [lead],
    )
    const { who, entries } = await byErp()
    expect(entries).toHaveLength(200)
    expect(who.notes).toEqual(['Of LOG_EXECUTION_CRM the newest 200 entries are shown; there may be older ones.'])
  })

  test('is named as missing when it cannot be read; the rest is told', async () => {
    const { erp } = bridge.context
    const { who, entries } = await byErp({ erp: { viewRows: erp.viewRows, logsOf: away, clock: away } })
    expect(who.notes).toEqual(['The ERP’s own logs (LOG_EXECUTION_CRM, ERROR_LOG) are missing: Permission denied.'])
    expect(entries).toEqual([])
    expect(await told({ taxId: taxIdOf(1) })).toContainEqual(['delivery', 'branch 1-1', null])
  })
})

test('a discarded line says who put it away and why', async () => {
  await refuse(bridge, 1)
  await discardDead(operatorAt(bridge, 'user:ana'), await onlyDead(bridge), null, 'a filial fechou')
  const texts = (await ask({ taxId: taxIdOf(1) })).happenings.map(({ text }) => text)
  expect(texts).toContainEqual('user:ana: falhas.discard: a filial fechou')
  expect(texts).toContainEqual(expect.stringMatching(/^refused, and put away by an operator/))
})

test.each([{ taxId: ' ./' }, { leadId: 'x' }, { clientCode: '1; drop' }])('%j is no question', async (question) => {
  await expect(ask(question)).rejects.toMatchObject({ code: 'why.bad_question', exitCode: 2 })
})

test('of somebody unknown nothing is told', async () => {
  expect(await ask({ taxId: '11222333000181' })).toMatchObject({ who: { leads: [], branches: [] }, happenings: [] })
  await bridge.run(insertLeads)
})
