/** Guards as an operator meets them: a broken view in the ERP stops the compare, and going on is a decision. Real processes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addBranch, mirrorLinked } from '../../jobs/testing/small-erp.ts'
import { addLeads, type House, openHouse, waiting } from '../testing/house.ts'

let house: House
beforeAll(async () => {
  house = await openHouse()
})
afterAll(() => house.close())

const changes = async () => (await house.state.query('select count(*)::integer as n from changes')).rows[0].n

/** The view as it is, with something done to its rows. */
async function replaceView(name: string, rows: string): Promise<() => Promise<void>> {
  await house.erp.query(`alter view ${name} rename to real_${name}; create view ${name} as ${rows}`)
  return async () => void (await house.erp.query(`drop view ${name}; alter view real_${name} rename to ${name}`))
}

describe('keys that a view returns twice', () => {
  let stopped: string
  let restore: () => Promise<void>
  beforeAll(async () => {
    await addLeads(house.erp, 1, 4)
    restore = await replaceView(
      'insert_leads',
      `select * from real_insert_leads union all select * from real_insert_leads where id in ('2-1', '3-1')`,
    )
  })
  afterAll(() => restore())

  test('stop the compare with 3, are named, and queue nothing', async () => {
    const { code, stdout } = await house.run('run', 'job_execute_spark')
    expect(stdout).toMatch(/2 keys came more than once: 2-1, 3-1/)
    expect(code).toBe(3)
    expect(waiting(house)).toBe(0)
    expect(await changes()).toBe(0)
    stopped = /--accept-guard (\w{26})/.exec(stdout)![1]!
  })

  test('stop a plan with 3, too', async () => {
    const { code, document } = await house.json('plan', 'leads.insert')
    expect(document).toMatchObject({
      ok: false,
      plans: [{ entity: 'leads.insert', guards: [{ guard: 'duplicate-keys', keys: ['2-1', '3-1'] }] }],
    })
    expect(code).toBe(3)
  })

  test.each([
    ['a run that never was', () => '01JD3Z5W0E7R6X8K9M2N4P5Q6S'],
    ['no id at all', () => "x'; drop table runs; --"],
  ])('are not accepted with %s: 2', async (_, run) => {
    const { code, document } = await house.json('run', 'job_execute_spark', '--accept-guard', run())
    expect(document.error.code).toBe('run.not_stopped')
    expect(code).toBe(2)
    expect(await changes()).toBe(0)
  })

  test('are not accepted for another job: 2', async () => {
    expect(await house.json('run', 'job_insert_leads_in_spotter', '--accept-guard', stopped)).toMatchObject({
      code: 2,
      document: { error: { code: 'run.not_stopped' } },
    })
  })

  test('are left out when the operator goes on: the others are queued', async () => {
    const { code, document } = await house.json('run', 'job_execute_spark', '--accept-guard', stopped)
    expect({ code, document }).toMatchObject({ code: 0, document: { ok: true, status: 'success', counts: { queued: 2 } } })
    const { rows } = await house.state.query('select key from changes order by key')
    expect(rows.map((row) => row.key)).toEqual(['1-1', '4-1'])
  })

  test('a run that was not stopped cannot be accepted', async () => {
    const { rows } = await house.state.query(`select id from runs where status = 'success' limit 1`)
    expect(await house.json('run', 'job_execute_spark', '--accept-guard', rows[0].id)).toMatchObject({ code: 2 })
  })
})

describe('a view that was full and is empty', () => {
  let restore: () => Promise<void>
  beforeAll(async () => {
    for (let client = 101; client <= 104; client++)
      await addBranch(house.erp, { client, taxId: String(90_000_000_000_000 + client), idCrm: client })
    await house.erp.query('alter table leads disable trigger user')
    await house.erp.query(
      `insert into leads (id, name, stage, taxid, address_street, address_zipcode, address_number, address_district, city, state, sales_rep, tax_registration, client_code)
       select b.id_crm, b.description, 'Desenvolvimento/Orçamento', b.taxid, b.address, b.zipcode, b.address_number, b.district, 'São Paulo', 'São Paulo', b.sales_rep, b.tax_registration, b.client
         from branches b where b.client between 101 and 104`,
    )
    await house.erp.query('alter table leads enable trigger user')
    expect((await house.json('run', 'job_execute_spark')).document.counts).toMatchObject({ queued: 2 })
    restore = await replaceView('desired_leads', 'select * from real_desired_leads where false')
  })

  test('stops the compare with 3; nothing is queued, nothing is deleted anywhere', async () => {
    const before = { changes: await changes(), lines: waiting(house) }
    const { code, stdout } = await house.run('run', 'job_execute_spark')
    expect(stdout).toMatch(/leads\.update: the ERP gave 0 rows, 4 last time/)
    expect(stdout).toContain('more likely broken than true')
    expect(code).toBe(3)
    expect({ changes: await changes(), lines: waiting(house) }).toEqual(before)
    expect((await house.erp.query('select count(*)::integer as n from leads')).rows[0].n).toBe(4)
    expect(await house.effects()).toBe(0)
  })

  test('goes on as before once it is repaired', async () => {
    await restore()
    const { code, document } = await house.json('run', 'job_execute_spark')
    expect({ code, document }).toMatchObject({ code: 0, document: { counts: { vanished: 0 } } })
  })
})

describe('two columns of the ERP that were emptied for every client', () => {
  let stopped: string
  beforeAll(async () => {
    for (let client = 201; client <= 300; client++)
      await addBranch(house.erp, { client, taxId: String(90_000_000_000_000 + client), idCrm: client })
    await mirrorLinked(house.erp)
    expect(await house.json('run', 'job_execute_spark')).toMatchObject({ code: 0 })
    await house.erp.query(`update branches set district = null, tax_registration = null where id_crm is not null`)
  })

  test('stop plan and compare with 3, are named, and queue nothing', async () => {
    const before = { changes: await changes(), lines: waiting(house) }
    const { code, document } = await house.json('plan', 'leads.update')
    expect({ code, document }).toMatchObject({ code: 3, document: { plans: [{ guards: [{ guard: 'mass-change' }] }] } })
    const { code: ended, stdout } = await house.run('run', 'job_execute_spark')
    expect(ended).toBe(3)
    expect(stdout).toMatch(/leads\.update: 104 of 104 rows differ .*ADDRESS_DISTRICT in 104 \(emptied in 104\), TAX_REGISTRATION in 104:/)
    expect(stdout).toContain('CHANGED_LIMIT_PERCENT')
    expect({ changes: await changes(), lines: waiting(house) }).toEqual(before)
    stopped = /--accept-guard (\w{26})/.exec(stdout)![1]!
  })

  test('are queued when the operator goes on, and stop no later compare', async () => {
    expect((await house.json('run', 'job_execute_spark', '--accept-guard', stopped)).document.counts).toMatchObject({ queued: 104 })
    expect(await house.json('run', 'job_execute_spark')).toMatchObject({ code: 0, document: { counts: { suppressed: 108 } } })
  })
})
