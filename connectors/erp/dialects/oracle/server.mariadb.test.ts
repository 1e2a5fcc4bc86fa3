/** The harness for a real Oracle, on the simulated one: what it installs and empties, and what it must never touch. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { mariaDbMissing } from '../../../mysql/testing.ts'
import { openServerHarness } from '../../testing/contract/oracle-server-harness.ts'
import { type EmptyDatabase, emptyDatabases } from '../../testing/empty-databases.ts'
import { addBranch, addLead, seedGeography } from '../../testing/postgres-fixtures.ts'

if (!mariaDbMissing('connectors/erp/oracle-server'))
  describe('a schema named by ORACLE_URL', () => {
    let database: EmptyDatabase
    beforeEach(async () => {
      database = await emptyDatabases.oracle()
    })
    afterEach(() => database.close())

    test('is installed when it is empty, and empty again for each test', async () => {
      for (const time of ['first', 'second']) {
        const it = await openServerHarness(database.url)
        try {
          expect(await it.sql('select id from leads'), time).toEqual([])
          await seedGeography(it)
          await addBranch(it, 1, { taxid: "'1'", id_crm: '1', integrate_crm: "'S'" })
          const before = await it.versions()
          await addLead(it, 1, { taxid: "'1'", client_code: '1' })
          expect(await it.versions()).toEqual(before)
          await it.sql("update ponte_settings set value = 'S' where name = 'delete_contacts_in_erp'")
          await it.erp.applyContact({ inboxId: 'e1', personId: '7', leadId: '1', taxId: null, email: 'a@example.com' }, () => ({
            quiet: {},
            loud: { NAME: 'Ana', EMAIL: 'a@example.com' },
          }))
          expect(await it.versions()).not.toEqual(before)
          const holding = await it.hold("update leads set name = 'held' where id = 1")
          expect(await it.sql('select name from leads')).toEqual([{ name: 'Lead 1' }])
          await holding.commit()
          expect(await it.sql("select value from ponte_settings where name = 'delete_contacts_in_erp'"), time).toEqual([{ value: 'S' }])
        } finally {
          await it.close()
        }
      }
    })

    test('that holds a table which the tests did not make is refused, and stays as it is', async () => {
      await database.pool.query('create table clients (client_code number(19) primary key)')
      await database.pool.query('insert into clients values (1)')
      await expect(openServerHarness(database.url)).rejects.toMatchObject({
        code: 'test.oracle',
        message: expect.stringContaining('clients'),
      })
      expect((await database.pool.query('select client_code from clients'))[0]).toEqual([{ client_code: '1' }])
      expect((await database.pool.query("show tables like '%ponte%'"))[0]).toEqual([])
    })
  })
