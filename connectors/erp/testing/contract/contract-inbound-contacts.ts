/** The part of the contract (contract.ts) that brings events of persons into the ERP. The SQL here stays in what all dialects accept. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { ContactSides, MirrorWrite } from '../../erp.ts'
import type { ErpHarness } from './contract-harness.ts'

const nothing: MirrorWrite = { quiet: {}, loud: {} }
const bia = { NAME: 'Bia', EMAIL: 'bia@example.com', PHONE: '1', JOB_TITLE: 'chefe', IS_PRIMARY: 'S' }
const ana = { NAME: 'Ana', EMAIL: 'ana@example.com', PHONE: '21999990000', JOB_TITLE: 'COMPRAS', IS_PRIMARY: 'S' }

/** Registers the tests. The harness is seeded as contract.ts does: ERP contact 501 (Ana) of branch 1-1, lead 9001; 502 (Ana) of branch 2-1. */
export function testInboundContacts(harness: () => ErpHarness): void {
  const sql = (statement: string) => harness().sql(statement)
  const one = async (statement: string) => (await sql(statement))[0]
  const inbox = async () => (await sql('select event_id from ponte_inbox order by event_id')).map((row) => row.event_id)
  const contacts = () =>
    sql('select code, name, email, branch_client, branch_code, id_crm from contact where email is not null order by code')
  const apply = (
    personId: string,
    write: MirrorWrite | null | ((sides: ContactSides) => MirrorWrite | null),
    {
      leadId = '9001',
      taxId = null,
      email = 'ana@example.com',
      inboxId = 'e1',
    }: Partial<Record<'leadId' | 'taxId' | 'email' | 'inboxId', string | null>> = {},
  ) =>
    harness().erp.applyContact({ inboxId: inboxId!, personId, leadId: leadId!, taxId: taxId ?? null, email: email ?? null }, (sides) =>
      typeof write === 'function' ? write(sides) : write,
    )

  describe('an event of a person', () => {
    test('that nobody knows makes mirror row and ERP contact on the lead’s branch, with its inbox id', async () => {
      const { kind, sides } = await apply('80', { quiet: {}, loud: bia }, { email: bia.EMAIL })
      expect([kind, sides]).toEqual(['applied', { mirror: null, contact: null, clientCode: '1' }])
      expect(await one('select id, lead_id, client_code, name, email from contacts')).toEqual({
        id: '80',
        lead_id: '9001',
        client_code: '1',
        name: 'Bia',
        email: 'bia@example.com',
      })
      expect(
        await one('select name, email, phone, job_title_desc, is_primary, branch_client, branch_code from contact where id_crm = 80'),
      ).toEqual({
        name: 'Bia',
        email: 'bia@example.com',
        phone: '1',
        job_title_desc: 'CHEFE',
        is_primary: 'S',
        branch_client: '1',
        branch_code: '1',
      })
      expect(await inbox()).toEqual(['e1'])
    })

    test('whose e-mail an ERP contact of its branch has, in any case, is that contact: it adopts the id', async () => {
      await sql("update contact set email = 'ANA@Example.com' where code = 501")
      const { sides } = await apply('70', { quiet: ana, loud: {} })
      expect(sides).toEqual({ mirror: null, clientCode: '1', contact: ana })
      expect(await contacts()).toEqual([
        { code: '501', name: 'Ana', email: 'ANA@Example.com', branch_client: '1', branch_code: '1', id_crm: '70' },
        { code: '502', name: 'Ana', email: 'Ana@Example.com', branch_client: '2', branch_code: '1', id_crm: null },
      ])
    })

    test('adopts it also when the mirror holds the person already, and leaves the ERP its own values', async () => {
      await apply('70', { quiet: ana, loud: {} })
      await sql("update contact set id_crm = null, phone = '5', name = 'Ana Lima' where code = 501")
      expect(await apply('70', nothing)).toMatchObject({ kind: 'applied' })
      expect(await one('select id_crm, phone, name from contact where code = 501')).toEqual({ id_crm: '70', phone: '5', name: 'Ana Lima' })
      await sql('update contact set id_crm = null where code = 501')
      await apply('70', { quiet: {}, loud: { JOB_TITLE: 'CHEFE' } })
      expect(await one('select id_crm, phone, job_title_desc from contact where code = 501')).toEqual({
        id_crm: '70',
        phone: '5',
        job_title_desc: 'CHEFE',
      })
    })

    test('known by its id is found whatever its e-mail is now, and takes the new one along', async () => {
      await apply('70', { quiet: ana, loud: {} })
      const { sides } = await apply('70', { quiet: {}, loud: { EMAIL: 'nova@example.com' } }, { email: 'nova@example.com', inboxId: 'e2' })
      expect(sides).toMatchObject({ mirror: { EMAIL: 'ana@example.com' }, contact: { EMAIL: 'ana@example.com' } })
      expect(await one('select email from contact where code = 501')).toEqual({ email: 'nova@example.com' })
      expect((await apply('70', null, { email: null })).sides.contact, 'without an e-mail as well').toMatchObject({
        EMAIL: 'nova@example.com',
      })
    })

    test('quiet values stay in the mirror, loud ones alone go on', async () => {
      await apply('70', { quiet: ana, loud: {} })
      await sql("update contact set phone = '5' where code = 501")
      await apply('70', { quiet: { PHONE: '9' }, loud: { NAME: 'Ana Lima' } })
      expect(await one('select name, phone from contacts')).toEqual({ name: 'Ana Lima', phone: '9' })
      expect(await one('select name, phone from contact where code = 501')).toEqual({ name: 'Ana Lima', phone: '5' })
    })

    test('with nothing to write is unchanged; a client that nobody has means nothing at all', async () => {
      await apply('70', { quiet: ana, loud: {} })
      expect(await apply('70', nothing, { inboxId: 'e2' })).toMatchObject({ kind: 'unchanged' })
      expect(await apply('71', null, { inboxId: 'e2' })).toMatchObject({ kind: 'unchanged' })
      expect((await apply('71', null, { leadId: '404', taxId: '99' })).sides).toEqual({ mirror: null, contact: null, clientCode: null })
      expect(await inbox()).toEqual(['e1'])
    })

    test('of a lead that no branch is linked to belongs to the client with its tax id', async () => {
      expect((await apply('70', null, { leadId: '555', taxId: '11.222.333/0001-81' })).sides).toMatchObject({
        clientCode: '2',
        contact: { NAME: 'Ana' },
      })
    })

    test('that the mirror holds without its lead, as older programs left it, gets it; and one that moved to another lead goes there', async () => {
      await sql("insert into branches (client, code, description, city, taxid, id_crm) values (1, 2, 'FILIAL', 1, '272', 9002)")
      await apply('70', { quiet: ana, loud: {} })
      await sql('update contacts set lead_id = null')
      expect(await apply('70', nothing)).toMatchObject({ kind: 'applied' })
      expect(await one('select lead_id from contacts')).toEqual({ lead_id: '9001' })
      await apply('70', nothing, { leadId: '9002' })
      expect(await one('select lead_id from contacts')).toEqual({ lead_id: '9002' })
      expect(await harness().erp.removeContact({ personId: '70', leadId: '9001', job: 'j' }), 'it is no longer that lead’s to lose').toBe(
        false,
      )
    })

    test('a value that does not fit is refused whole', async () => {
      await expect(apply('80', { quiet: {}, loud: { ...bia, NAME: 'N'.repeat(61) } }, { email: bia.EMAIL })).rejects.toMatchObject({
        code: 'erp.value_refused',
      })
      expect([await sql('select id from contacts'), await inbox()]).toEqual([[], []])
      expect(await contacts()).toHaveLength(2)
    })

    test('ten at once of one new person make one contact', async () => {
      const applied = await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          apply('80', ({ mirror }) => (mirror === null ? { quiet: {}, loud: bia } : nothing), { email: bia.EMAIL, inboxId: `e${n}` }),
        ),
      )
      expect(applied.filter(({ kind }) => kind === 'applied')).toHaveLength(1)
      expect(await sql('select id_crm from contact where id_crm = 80')).toHaveLength(1)
    })
  })

  describe('one buyer who is a person of several leads of one client', () => {
    beforeEach(async () => {
      await sql("insert into branches (client, code, description, city, taxid, id_crm) values (1, 2, 'FILIAL', 1, '272', 9002)")
      await sql("insert into branches (client, code, description, city, taxid) values (1, 3, 'SEM LEAD', 1, '353')")
    })

    test('has a contact at each branch, and none takes the other’s', async () => {
      await apply('70', { quiet: ana, loud: {} })
      expect((await apply('71', { quiet: {}, loud: ana }, { leadId: '9002', inboxId: 'e2' })).sides).toEqual({
        mirror: null,
        contact: null,
        clientCode: '1',
      })
      await apply('70', { quiet: {}, loud: { PHONE: '1' } })
      await apply('71', { quiet: {}, loud: { PHONE: '2' } }, { leadId: '9002' })
      expect(
        await sql('select branch_code, id_crm, phone from contact where branch_client = 1 and email is not null order by branch_code'),
      ).toEqual([
        { branch_code: '1', id_crm: '70', phone: '1' },
        { branch_code: '2', id_crm: '71', phone: '2' },
      ])
    })

    test('does not take the contact of another lead’s branch, though it was never sent', async () => {
      await apply('71', { quiet: {}, loud: ana }, { leadId: '9002' })
      expect(await one('select id_crm from contact where code = 501')).toEqual({ id_crm: null })
      expect(await one('select branch_code from contact where id_crm = 71')).toEqual({ branch_code: '2' })
    })

    test('takes the contact of a branch that has no lead', async () => {
      await sql('update contact set branch_code = 3 where code = 501')
      expect((await apply('70', { quiet: ana, loud: {} })).sides.contact).toEqual(ana)
      expect(await one('select id_crm from contact where code = 501')).toEqual({ id_crm: '70' })
    })

    test('and two persons of one lead with one e-mail are two contacts', async () => {
      await apply('70', { quiet: ana, loud: {} })
      await apply('71', { quiet: {}, loud: { ...ana, NAME: 'Ana outra' } }, { inboxId: 'e2' })
      await apply('70', { quiet: {}, loud: { PHONE: '1' } })
      expect(await sql('select name, id_crm, phone from contact where id_crm is not null order by id_crm')).toEqual([
        { name: 'Ana', id_crm: '70', phone: '1' },
        { name: 'Ana outra', id_crm: '71', phone: '21999990000' },
      ])
    })

    test('but who was deleted in the CRM and made again is the same contact', async () => {
      await apply('70', { quiet: ana, loud: {} })
      await harness().erp.removeContact({ personId: '70', leadId: '9001', job: 'j' })
      await apply('71', { quiet: ana, loud: {} }, { inboxId: 'e2' })
      expect((await contacts()).map(({ code, id_crm }) => `${code} ${id_crm}`)).toEqual(['501 71', '502 null'])
    })
  })

  describe('a person that leaves the mirror', () => {
    const remove = (leadId = '9001') => harness().erp.removeContact({ personId: '70', leadId, job: 'job_x' })
    beforeEach(() => apply('70', { quiet: ana, loud: {} }))

    test('is written down; the ERP contact stays, unless the owner says otherwise', async () => {
      expect([await remove('9002'), await remove(), await remove()]).toEqual([false, true, false])
      expect(await sql('select id from contacts')).toEqual([])
      expect(await contacts()).toHaveLength(2)
      expect(await sql('select job, lead_id, field, value from log_execution_crm')).toEqual([
        { job: 'job_x', lead_id: '9001', field: 'CONTACT', value: 'person 70 is no longer in the CRM' },
      ])
    })

    test('takes its own ERP contact along when the owner says so, and nobody else’s', async () => {
      await sql("update ponte_settings set value = 'S' where name = 'delete_contacts_in_erp'")
      await sql("insert into contact (code, name, email, branch_client, branch_code) values (601, 'Ana 2', 'ana@example.com', 1, 1)")
      expect(await remove()).toBe(true)
      expect((await contacts()).map(({ code }) => code)).toEqual(['502', '601'])
    })
  })
}
