import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mariaDbMissing } from '../../mysql/testing.ts'
import { VIEW_COLUMNS } from './contract/contract.ts'
import { openHarness } from './contract/mysql-harness.ts'
import { addBranch, seedGeography } from './postgres-fixtures.ts'
import { testSchema } from './schema.contract.ts'

if (!mariaDbMissing('connectors/erp/schema')) {
  testSchema('MariaDB', openHarness, {
    schema: 'database()',
    sources: `select view_definition as s from information_schema.views where table_schema = database()
      union all select routine_definition from information_schema.routines where routine_schema = database()
      union all select action_statement from information_schema.triggers where trigger_schema = database()`,
    // A generated column repeats the one it comes from.
    unexplained: `select table_name, column_name from information_schema.columns where table_schema = database()
      and table_name in ('leads', 'contacts', 'crm_stages') and column_comment = '' and extra not like '%GENERATED%'`,
  })

  describe('MariaDB plans the views well', () => {
    let it: Awaited<ReturnType<typeof openHarness>>
    beforeAll(async () => {
      it = await openHarness()
    })
    afterAll(() => it.close())

    test('what is not asked for is not computed: its tables are not read', async () => {
      await seedGeography(it)
      await addBranch(it, 1)
      // r_rows is null where a part of the plan was never run.
      const read = async (columns: string) =>
        (await it.sql(`analyze select ${columns} from vw_crm_clients`)).filter(({ r_rows }) => r_rows !== null).map(({ table }) => table)
      expect((await read('id, company_name, city')).sort()).toEqual(['b', 'ci', 'co', 'st'])
      expect(await read('id, industry')).toContain('ci2')
    })

    test('a title is made anew when its source moves, and by no other update of the ERP', async () => {
      await it.sql("update cities set name_title = 'As it was' where id = 1")
      const title = async () => (await it.sql('select name_title from cities where id = 1'))[0]!.name_title
      await it.sql('update cities set city_code = 4711 where id = 1')
      expect(await title()).toBe('As it was')
      await it.sql("update cities set city_name = 'RIO DE JANEIRO' where id = 1")
      expect(await title()).toBe('Rio de Janeiro')
    })

    test('a range of an engine view is read by an index', async () => {
      for (const view of Object.keys(VIEW_COLUMNS)) {
        const read = await it.sql(`explain select range_key from ${view} where range_key > 5 and range_key <= 9`)
        expect(
          read.map(({ type, key }) => `${type} ${key}`),
          view,
        ).toContainEqual(expect.stringMatching(/^range \w/))
      }
    })
  })
}
