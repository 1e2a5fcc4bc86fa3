/** The part of the contract (contract.ts) in which others stand against an event: users of the ERP at the same moment, and rules of the ERP's own. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LeadSides, MirrorWrite } from '../../erp.ts'
import { addBranch, seedGeography } from '../postgres-fixtures.ts'
import type { ErpHarness } from './contract-harness.ts'

export function testInboundRivals(open: () => Promise<ErpHarness>): void {
  let it: ErpHarness
  beforeEach(async () => {
    it = await open()
    await seedGeography(it)
    await addBranch(it, 3, { taxid: "'191'", id_crm: '900', integrate_crm: "'S'", sales_rep: '7', phone: "'1'", tax_registration: "'123'" })
  })
  afterEach(() => it.close())

  const one = async (statement: string) => (await it.sql(statement))[0]
  const apply = (write: MirrorWrite | ((sides: LeadSides) => MirrorWrite), leadId = '900', taxId: string | null = '191') =>
    it.erp.applyLead({ inboxId: `e-${leadId}`, leadId, taxId }, typeof write === 'function' ? write : () => write)
  const mirrored = () => apply({ quiet: { STAGE: 'Ativação', NAME: 'Lead', SALES_REP: '7', PHONE: '1' }, loud: {} })

  describe('an edit of the ERP at the same moment', () => {
    test('that is under way is waited for: the decision sees what it left', async () => {
      await mirrored()
      const erpUser = await it.hold('update branches set sales_rep = 8 where client = 3')
      let seen: LeadSides | null = null
      const applying = apply((sides) => {
        seen = sides
        return { quiet: { NAME: 'New' }, loud: { PHONE: '2' } }
      })
      await sleep(300)
      expect(seen, 'nothing is decided on a row that somebody is writing').toBeNull()
      await erpUser.commit()
      await applying
      expect(seen).toMatchObject({ branch: { SALES_REP: '8' } })
      expect(await one('select sales_rep, phone from branches')).toEqual({ sales_rep: '8', phone: '2' })
    })

    test('that comes after the decision waits for it, and stays', async () => {
      await mirrored()
      let edit: Promise<unknown> = Promise.resolve()
      let edited = false
      await apply(() => {
        edit = it.sql('update branches set sales_rep = 8 where client = 3').then(() => {
          edited = true
        })
        return { quiet: {}, loud: { SALES_REP: '9', PHONE: '2' } }
      })
      await edit
      expect(edited).toBe(true)
      expect(await one('select sales_rep, phone from branches')).toEqual({ sales_rep: '8', phone: '2' })
      expect(await one('select sales_rep from leads'), 'the mirror says what the CRM holds').toEqual({ sales_rep: '9' })
    })

    test('of many, in both directions, loses none: mirror writes never carry a value that only the ERP changed', async () => {
      await mirrored()
      const edits = Array.from({ length: 20 }, (_, n) => n + 100)
      await Promise.all([
        (async () => {
          for (const rep of edits) await it.sql(`update branches set sales_rep = ${rep} where client = 3`)
        })(),
        (async () => {
          for (const n of edits) await apply({ quiet: { NAME: `Lead ${n}`, SALES_REP: String(n) }, loud: { PHONE: String(n) } })
        })(),
      ])
      expect(await one('select sales_rep, phone from branches')).toEqual({ sales_rep: '119', phone: '119' })
    })

    test('that locks itself and an event out from inside a trigger kills neither: the event is run again, and ERROR_LOG says nothing', async () => {
      await mirrored()
      await it.sql("insert into client_industries (client, branch, industry) values (3, 1, '30')")
      const first = await it.hold("update client_industries set status = 'B' where client = 3")
      // Who has written more is the one that a MariaDB leaves alone.
      const erpUser = await it.hold("insert into log_execution_crm (job) select 'x' from crm_stages a cross join crm_stages b")
      await erpUser.sql("update clients set trading_name = 'NOVO' where client_code = 3")
      const event = apply({ quiet: {}, loud: { INDUSTRY: 'Construção', FINANCIAL_ANALYSIS: 'Bom' } })
      const waiting = (sessions: number) => expect.poll(it.waiting, { interval: 200, timeout: 10_000 }).toBe(sessions)
      await waiting(1)
      const edit = erpUser.sql("update branches set district = 'NOVO' where client = 3")
      await waiting(2)
      await first.commit()
      await edit
      await erpUser.commit()
      expect(await event).toMatchObject({ kind: 'applied', sides: { mirror: { NAME: 'Lead' } } })
      expect(await one('select district, observations from branches join credit_limit_history on client_code = client')).toEqual({
        district: 'NOVO',
        observations: 'Bom',
      })
      expect(await one('select trading_name from clients')).toEqual({ trading_name: 'NOVO' })
      expect(await it.sql('select errorstack from error_log')).toEqual([])
    })

    test('that lasts too long is not waited for: nobody’s fault, nothing written, and later it goes on', async () => {
      const erpUser = await it.hold('update branches set sales_rep = 8 where client = 3')
      const impatient = it.connector({ statementTimeoutMs: 500 })
      const event = { inboxId: 'e1', leadId: '900', taxId: null }
      const late = () => impatient.applyLead(event, () => ({ quiet: { NAME: 'x' }, loud: {} }))
      try {
        await expect(late()).rejects.toMatchObject({ code: 'erp.timeout' })
        await erpUser.commit()
        expect(await it.sql('select id from leads')).toEqual([])
        await expect(late()).resolves.toMatchObject({ kind: 'applied' })
      } finally {
        await impatient.close()
      }
    })
  })

  describe('a rule of the ERP that refuses', () => {
    async function withRule(table: string, rule: string, work: () => Promise<unknown>): Promise<void> {
      await it.sql(`alter table ${table} add constraint no_rule_4711 check (${rule})`)
      try {
        await work()
      } finally {
        await it.sql(`alter table ${table} drop constraint no_rule_4711`)
      }
    }

    test('takes mirror and inbox id back with it; ERROR_LOG outlives them and holds no value of the lead', async () => {
      await mirrored()
      await it.sql('delete from ponte_inbox')
      const before = await it.versions()
      await withRule('branches', 'sales_rep <> 4711', () =>
        expect(apply({ quiet: { NAME: 'Secret Name' }, loud: { PHONE: '5511987654321', SALES_REP: '4711' } })).rejects.toMatchObject({
          code: 'erp.write_refused',
        }),
      )
      expect(await one('select name, phone, sales_rep from leads')).toEqual({ name: 'Lead', phone: '1', sales_rep: '7' })
      expect(await it.versions()).toEqual(before)
      expect(await it.sql('select event_id from ponte_inbox')).toEqual([])
      const log = await it.sql('select errorcode, error_info, errorstack, backtrace from error_log')
      expect(log).toMatchObject([{ errorcode: '-20020', error_info: 'lead 900' }])
      expect(log[0]!.errorstack).toMatch(/no_rule_4711/i)
      expect(JSON.stringify(log)).not.toMatch(/Secret|98765/)
    })

    test('a new lead leaves neither client nor mirror row', async () => {
      const before = await it.versions()
      await withRule('billing_addresses', 'billing_address_seq > 1', () =>
        expect(
          apply({ quiet: { STAGE: 'Ativação' }, loud: { NAME: 'A', TAXID: '12ABC34501DE35' } }, '901', '12ABC34501DE35'),
        ).rejects.toMatchObject({ code: 'erp.write_refused' }),
      )
      expect(await it.versions()).toEqual(before)
      expect(await it.sql('select id from leads where id = 901')).toEqual([])
      expect(await it.sql('select errorcode from error_log')).toEqual([{ errorcode: '-20020' }])
    })

    test('a contact leaves no mirror row', async () => {
      const event = { inboxId: 'c1', personId: '70', leadId: '900', taxId: null, email: 'ana@example.com' }
      const write = { quiet: {}, loud: { NAME: 'Ana Secret', EMAIL: 'ana@example.com' } }
      await withRule('contact', 'branch_client < 0', () =>
        expect(it.erp.applyContact(event, () => write)).rejects.toMatchObject({ code: 'erp.write_refused' }),
      )
      expect([await it.sql('select id from contacts'), await it.sql('select event_id from ponte_inbox')]).toEqual([[], []])
      const log = await it.sql('select error_info, errorstack from error_log')
      expect(log).toMatchObject([{ error_info: 'contact 70' }])
      expect(JSON.stringify(log)).not.toMatch(/Secret|ana@/)
    })

    test('the inbox id itself takes all of it back: it stands for the effect', async () => {
      const before = await it.versions()
      await withRule('ponte_inbox', "event_id <> 'e-900'", () => expect(mirrored()).rejects.toMatchObject({ code: 'erp.value_refused' }))
      expect(await it.versions()).toEqual(before)
      expect(await it.sql('select id from leads')).toEqual([])
    })
  })

  test('a state registration that is neither a number nor exempt says nothing: the branch keeps its own', async () => {
    for (const [given, held] of [
      ['PENDENTE', '123'],
      ['AGUARDANDO', '123'],
      ['ISENTO', 'ISENTO'],
      ['P0110042', '0110042'],
    ]) {
      await it.sql("update branches set tax_registration = '123' where client = 3")
      await apply({ quiet: { TAX_REGISTRATION: 'x' }, loud: {} })
      await apply({ quiet: {}, loud: { TAX_REGISTRATION: given! } })
      expect(await one('select tax_registration from branches'), given).toEqual({ tax_registration: held })
    }
  })

  test('an ERP contact without a branch is found by its e-mail, and gets the lead’s, so that the views see it', async () => {
    await it.sql("insert into contact (code, name, email, branch_client) values (1, 'Ana', 'ana@example.com', 3)")
    const event = { inboxId: 'c1', personId: '70', leadId: '900', taxId: null, email: 'ANA@example.com' }
    const { sides } = await it.erp.applyContact(event, () => ({ quiet: { NAME: 'Ana', EMAIL: 'ana@example.com' }, loud: {} }))
    expect(sides.contact).toMatchObject({ NAME: 'Ana' })
    expect(await it.sql('select code, id_crm, branch_code from contact')).toEqual([{ code: '1', id_crm: '70', branch_code: '1' }])
  })
}
