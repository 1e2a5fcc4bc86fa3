/** Updates read before they write: what a user of the CRM changed meanwhile stays, and a lost answer is not taken for a user. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PonteError } from '../../base/error.ts'
import { listConflicts, readAgreed } from '../../connectors/state/changes/agreed.ts'
import { jobNamed } from '../catalogue.ts'
import type { Context } from '../context.ts'
import { runJob } from '../run/run-job.ts'
import { type Bridge, openBridge } from '../testing/bridge.ts'
import { crmLead, crmPerson, inCrm } from '../testing/crm-leads.ts'
import { addBranch, seedReference } from '../testing/small-erp.ts'

let bridge: Bridge
/** Lead 1 with person 11: a client of the ERP, in step on both sides. */
beforeEach(async () => {
  bridge = await openBridge()
  await seedReference(bridge.erp)
  await bridge.simulator.load([crmLead({ id: 1 }), crmPerson(1)])
  await event()
  await settle()
})
afterEach(() => bridge.close())

const event = () =>
  bridge.context.lanes.leads.enqueue('converted_lead', 'Acme', JSON.stringify({ Lead: { Id: 1, Stage: 'Ativação', Company: 'A' } }))
/** Nothing is left to do in either direction. */
const settle = async () => {
  for (let round = 0; round < 2; round++) {
    await bridge.run('job_update_converted_lead_in_erp')
    await bridge.cycle()
  }
}
const inErp = async (column: string) =>
  (await bridge.erp.query(`select ${column} from branches b join contact c on c.branch_client = b.client`)).rows[0][column]
const edit = (statement: string) => bridge.erp.query(statement)
const customField = async (id: string) => {
  const field = (await bridge.context.crm.leadCustomFields(1)).find((one) => one.id === id)
  return field?.options.at(-1) ?? field?.value
}
const person = async () => (await bridge.context.crm.persons(1))[0]!

/** The next write happens, its answer is lost, and then the CRM is away: nobody can look. */
function losing(write: 'updateLead' | 'updatePerson'): Context {
  let away = false
  const lost = () => Object.assign(new PonteError('crm.unavailable', 'The answer was lost.', { hint: 'Wait.' }), { inDoubt: true })
  const crm = new Proxy(bridge.context.crm, {
    get(of, name) {
      const call = Reflect.get(of, name) as (...args: unknown[]) => unknown
      return async (...args: unknown[]) => {
        if (away) throw lost()
        const answer = await call.apply(of, args)
        if (name !== write) return answer
        away = true
        throw lost()
      }
    },
  })
  return { ...bridge.context, crm }
}

describe('what a user of the CRM changed while a line waited', () => {
  test('stays and goes to the ERP; only what the ERP changed is sent, the name is the one that is there', async () => {
    await edit(`update branches set address_number = 5`)
    await edit(`update contact set phone = '5511911110000'`)
    await bridge.run('job_execute_spark')
    await inCrm(bridge, '/leads/1', { phone1: '5511922220000', customFields: { '_cod.gestores': ['9'] } })
    await inCrm(bridge, '/persons/11', { name: 'José Renomeado', jobTitle: 'Diretor' })
    await bridge.run('job_update_leads_in_spotter')
    await bridge.run('job_update_contacts_in_spotter')
    expect(await bridge.context.crm.leadById(1)).toMatchObject({ number: '5', phone1: '5511922220000', lead: 'Padaria São João 1' })
    expect(await customField('_cod.gestores')).toBe('9')
    expect(await person()).toMatchObject({ name: 'José Renomeado', jobTitle: 'Diretor', phone1: '5511911110000' })
    const erp = await bridge.erp.query(
      'select b.phone, sales_rep, c.name, job_title_desc, c.phone as person from branches b join contact c on c.branch_client = b.client',
    )
    expect(erp.rows).toEqual([
      { phone: '5511922220000', sales_rep: '9', name: 'José Renomeado', job_title_desc: 'DIRETOR', person: '5511911110000' },
    ])
    expect(await listConflicts(bridge.state)).toEqual([])
  })

  test('of a lead that was discarded meanwhile stays too, and goes to the ERP when the lead comes back', async () => {
    await inCrm(bridge, '/leads/1', { stage: 'Descartado' })
    await inCrm(bridge, '/leads/1', { customFields: { '_cod.gestores': ['9'] } })
    await edit(`update branches set address_number = '77'`)
    await bridge.cycle()
    expect((await bridge.context.crm.leadById(1))?.number).toBe('77')
    expect([await inErp('sales_rep'), await customField('_cod.gestores')]).toEqual(['7', '9'])
    await inCrm(bridge, '/leads/1', { stage: 'Ativação' })
    await event()
    await settle()
    expect([await inErp('sales_rep'), await customField('_cod.gestores')]).toEqual(['9', '9'])
    expect(await listConflicts(bridge.state)).toEqual([])
  })

  test('the same as the ERP did is nothing to send', async () => {
    await edit('update branches set sales_rep = 9')
    await bridge.run('job_execute_spark')
    await inCrm(bridge, '/leads/1', { customFields: { '_cod.gestores': ['9'] } })
    const before = (await bridge.simulator.effects({ by: 'api' })).length
    expect(await bridge.run('job_update_leads_in_spotter')).toMatchObject({ counts: { delivered: 1 } })
    expect(await bridge.simulator.effects({ by: 'api' })).toHaveLength(before)
  })
})

describe('an update whose answer was lost', () => {
  const loseLead = async () => {
    await edit('update branches set sales_rep = 9')
    await bridge.run('job_execute_spark')
    expect(await runJob(losing('updateLead'), jobNamed('job_update_leads_in_spotter'))).toMatchObject({ status: 'failed' })
    expect([await customField('_cod.gestores'), (await readAgreed(bridge.state, 'leads', '1'))?.sent]).toEqual(['9', { SALES_REP: '9' }])
  }
  const losePerson = async () => {
    await edit(`update contact set job_title_desc = 'GERENTE'`)
    await bridge.run('job_execute_spark')
    expect(await runJob(losing('updatePerson'), jobNamed('job_update_contacts_in_spotter'))).toMatchObject({ status: 'failed' })
    expect((await person()).jobTitle).toBe('GERENTE')
  }

  test('and whose value the ERP changed again does not come back over the ERP: the newer one is sent', async () => {
    await loseLead()
    await edit('update branches set sales_rep = 10')
    await settle()
    expect([await inErp('sales_rep'), await customField('_cod.gestores')]).toEqual(['10', '10'])
    expect(await listConflicts(bridge.state)).toEqual([])
    expect(await readAgreed(bridge.state, 'leads', '1')).toMatchObject({ sent: null, fields: { SALES_REP: '10' } })
  })

  test('nor by the webhook that it caused', async () => {
    await loseLead()
    await edit('update branches set sales_rep = 10')
    await event()
    await bridge.run('job_update_converted_lead_in_erp')
    expect(await inErp('sales_rep')).toBe('10')
    await settle()
    expect(await customField('_cod.gestores')).toBe('10')
  })

  test('nor of a person', async () => {
    await losePerson()
    await edit(`update contact set job_title_desc = 'DIRETORA'`)
    await event()
    await settle()
    expect([await inErp('job_title_desc'), (await person()).jobTitle]).toEqual(['DIRETORA', 'DIRETORA'])
    expect(await listConflicts(bridge.state)).toEqual([])
  })

  test('and that a user of the CRM changed then is the user’s', async () => {
    await loseLead()
    await inCrm(bridge, '/leads/1', { customFields: { '_cod.gestores': ['10'] } })
    await settle()
    expect([await inErp('sales_rep'), await customField('_cod.gestores')]).toEqual(['10', '10'])
  })

  test('finds its values there and sends nothing', async () => {
    await loseLead()
    const before = (await bridge.simulator.effects({ by: 'api' })).length
    await settle()
    expect(await bridge.simulator.effects({ by: 'api' })).toHaveLength(before)
    expect(await readAgreed(bridge.state, 'leads', '1')).toMatchObject({ sent: null, fields: { SALES_REP: '9' } })
  })
})

test('an update that the CRM refuses leaves nothing under way', async () => {
  await edit('update branches set sales_rep = 9')
  await edit(`update contact set job_title_desc = 'GERENTE'`)
  await bridge.run('job_execute_spark')
  bridge.simulator.setFaults({ errors400: { share: 1, methods: ['PUT'] } })
  expect(await bridge.run('job_update_leads_in_spotter')).toMatchObject({ counts: { dead: 1 } })
  expect(await bridge.run('job_update_contacts_in_spotter')).toMatchObject({ counts: { dead: 1 } })
  const { rows } = await bridge.state.query('select count(*)::int as n from agreed where sent is not null')
  expect(rows).toEqual([{ n: 0 }])
})

test('a lead that the CRM had already is adopted without agreement: the ERP’s own fields are not overwritten when it is met', async () => {
  await bridge.simulator.load([
    crmLead({ id: 2, cnpj: '11222333000181', stage: 'Novos leads', customFields: { _inscricaoestadual: '99' } }),
  ])
  await addBranch(bridge.erp, { client: 20, taxId: '11222333000181', registration: '555.666', rep: 9 })
  await bridge.cycle()
  expect((await readAgreed(bridge.state, 'leads', '2'))?.fields).toEqual({})
  await inCrm(bridge, '/leads/2', { stage: 'Ativação' })
  await bridge.context.lanes.leads.enqueue('converted_lead', 'B', JSON.stringify({ Lead: { Id: 2, Stage: 'Ativação', Company: 'B' } }))
  await settle()
  expect((await bridge.erp.query('select tax_registration from branches where client = 20')).rows).toEqual([
    { tax_registration: '555.666' },
  ])
  expect((await bridge.context.crm.leadCustomFields(2)).find((field) => field.id === '_inscricaoestadual')?.value).toBe('555666')
  expect(await listConflicts(bridge.state)).toEqual([])
})
