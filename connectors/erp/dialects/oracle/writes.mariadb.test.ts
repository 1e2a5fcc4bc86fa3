/** What can happen to a write on its way to an Oracle: lines that are lost at any moment, deadlocks, rows of a batch that are refused. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { mariaDbMissing } from '../../../mysql/testing.ts'
import type { MirrorWrite } from '../../erp.ts'
import { openHarness } from '../../testing/contract/oracle-harness.ts'
import { addBranch, addLead, seedGeography } from '../../testing/postgres-fixtures.ts'
import { openConnection } from './connection.ts'
import { oracleLink } from './dialect.ts'

const newLead: MirrorWrite = { quiet: { STAGE: 'Ativação' }, loud: { NAME: 'Padaria Sol', TAXID: '12ABC34501DE35', PHONE: '1' } }
const nothing: MirrorWrite = { quiet: {}, loud: {} }

if (!mariaDbMissing('connectors/erp/oracle-writes'))
  describe('a write to an ERP on the simulated Oracle', () => {
    let it: Awaited<ReturnType<typeof openHarness>>
    beforeEach(async () => {
      it = await openHarness()
      await seedGeography(it)
    })
    afterEach(() => it.close())

    /** An event of a new lead; says how often it was asked. */
    const apply = async (inboxId: string) => {
      let asked = 0
      const applied = await it.erp.applyLead({ inboxId, leadId: '700', taxId: '12ABC34501DE35' }, ({ mirror }) => {
        asked += 1
        return mirror === null ? newLead : nothing
      })
      return { kind: applied.kind, asked }
    }
    const state = async () => ({
      clients: (await it.sql('select client_code from clients')).length,
      inbox: (await it.sql('select event_id from ponte_inbox')).map(({ event_id }) => event_id),
    })

    test('whose commit was made but not answered is found by its inbox id: done, and asked once', async () => {
      it.simulator.setFaults([{ at: 'commit', do: 'drop', when: 'after' }])
      expect(await apply('e1')).toEqual({ kind: 'applied', asked: 1 })
      expect(await state()).toEqual({ clients: 1, inbox: ['e1'] })
    })

    test('whose commit never arrived is told as unreachable, has left nothing, and can be repeated', async () => {
      it.simulator.setFaults([{ at: 'commit', do: 'drop', when: 'before' }])
      await expect(apply('e1')).rejects.toMatchObject({ code: 'erp.unreachable' })
      expect(await state()).toEqual({ clients: 0, inbox: [] })
      expect(await apply('e1')).toEqual({ kind: 'applied', asked: 1 })
      expect(await state()).toEqual({ clients: 1, inbox: ['e1'] })
    })

    test('of an event that was applied before is not taken for done by its old inbox id', async () => {
      await apply('e1')
      it.simulator.setFaults([{ at: 'commit', do: 'drop', when: 'before' }])
      const again = () => it.erp.applyLead({ inboxId: 'e1', leadId: '700', taxId: null }, () => ({ quiet: { NAME: 'Lua' }, loud: {} }))
      await expect(again()).rejects.toMatchObject({ code: 'erp.unreachable' })
      expect(await it.sql('select name from leads')).toEqual([{ name: 'Padaria Sol' }])
      await again()
      expect(await it.sql('select name from leads')).toEqual([{ name: 'Lua' }])
    })

    test('is made once whichever of its statements loses the line', async () => {
      for (const match of ['from ponte_locks', 'from leads', 'union all', 'mirror_only', 'insert into leads', 'insert into ponte_inbox']) {
        it.simulator.setFaults([{ at: 'execute', do: 'drop', when: 'after', match }])
        expect((await apply('e1')).kind, match).toBe('applied')
        expect(
          it.simulator.faults().map(({ struck }) => struck),
          match,
        ).toEqual([1])
        expect(await state(), match).toEqual({ clients: 1, inbox: ['e1'] })
        expect(await it.sql('select id from leads'), match).toEqual([{ id: '700' }])
        for (const table of ['leads', 'billing_addresses', 'sales_rep_branches', 'branches', 'clients', 'ponte_inbox']) {
          await it.sql(`delete from ${table}`)
        }
      }
    })

    test('that lost a deadlock is run again, and decides on what stands there then', async () => {
      await addBranch(it, 2, { taxid: "'2'", id_crm: '2', integrate_crm: "'S'" })
      await addLead(it, 2, { taxid: "'2'" })
      // The server ends the transaction that wrote less.
      const other = await it.hold("update branches set phone = '1' where client = 2")
      await other.sql("update clients set trading_name = 'T'")
      await other.sql("update cities set city_code = '9'")
      let asked = 0
      const applied = it.erp.applyLead({ inboxId: 'e3', leadId: '2', taxId: null }, () => {
        asked += 1
        return { quiet: { NAME: 'decided' }, loud: {} }
      })
      await expect
        .poll(async () => (await it.sql("select count(*) as n from information_schema.innodb_trx where trx_state = 'LOCK WAIT'"))[0]!.n, {
          timeout: 20_000,
          // The server renews this list only when nobody looked for a moment.
          interval: 300,
        })
        .not.toBe('0')
      // It holds the lead and waits for the branch; we hold the branch and want the lead.
      await other.sql('select id from leads where id = 2 for update')
      await other.commit()
      expect(await applied).toMatchObject({ kind: 'applied', sides: { branch: { PHONE: '1' } } })
      expect(asked).toBe(1)
      expect(await it.sql('select name from leads where id = 2')).toEqual([{ name: 'decided' }])
    })

    test('of many rows tells the refused one by its place, without its values, and writes none', async () => {
      const row = (leadId: string) => ({ leadId, row: { NAME: `SEGREDO ${leadId}` } })
      const staging = await it.erp.stageMirror('R1')
      await it.sql('alter table leads_staging add constraint not_13 check (id <> 13)')
      try {
        const error = await staging.leads([row('12'), row('13'), row('14')]).catch((thrown) => thrown)
        expect(error).toMatchObject({
          code: 'erp.value_refused',
          message: expect.stringContaining('1 of 3 rows for leads_staging, number 2'),
        })
        expect(JSON.stringify(error, Object.getOwnPropertyNames(error)) + String(error.cause)).not.toContain('SEGREDO')
      } finally {
        await it.sql('alter table leads_staging drop constraint not_13')
      }
      expect(await it.sql('select id from leads_staging')).toEqual([])
    })

    test('leaves "mirror only" behind on no connection: what comes next over the same line reaches the ERP', async () => {
      await addBranch(it, 2, { taxid: "'2'", id_crm: '2', integrate_crm: "'S'" })
      await addLead(it, 2, { taxid: "'2'", phone: "'1'" })
      await it.erp.writeMirror('leads', { ID: '2', PHONE: '2' })
      expect(await it.sql('select phone from branches')).toEqual([{ phone: '1' }])
      await it.erp.applyLead({ inboxId: 'e1', leadId: '2', taxId: null }, () => ({ quiet: {}, loud: { PHONE: '3' } }))
      expect(await it.sql('select phone from branches')).toEqual([{ phone: '3' }])
    })

    test('takes numbers of 18 digits and no more, whole', async () => {
      const id = '999999999999999999'
      await addBranch(it, 2, { taxid: "'2'", id_crm: id, integrate_crm: "'S'" })
      await it.erp.applyLead({ inboxId: 'e1', leadId: id, taxId: null }, () => ({ quiet: { SALES_REP: id }, loud: {} }))
      expect(await it.sql('select id, sales_rep from leads')).toEqual([{ id, sales_rep: id }])
      await expect(it.erp.mirroredLead(`${id}9`)).rejects.toMatchObject({ code: 'erp.value_refused' })
      const connection = await openConnection({ url: it.url })
      expect(await oracleLink(connection).rows('select id from leads where id in (?)', [[BigInt(id), 1n, 2n]])).toEqual([{ ID: id }])
      await connection.close()
    })
  })
