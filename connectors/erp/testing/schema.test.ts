import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VIEW_COLUMNS } from './contract/contract.ts'
import { openHarness } from './contract/postgres-harness.ts'
import { testSchema } from './schema.contract.ts'

testSchema('PostgreSQL', openHarness, {
  schema: "'public'",
  sources: `select pg_get_viewdef(oid) as s from pg_class where relkind = 'v' and relnamespace = 'public'::regnamespace
    union all select pg_get_functiondef(oid) from pg_proc where prokind <> 'a' and pronamespace = 'public'::regnamespace`,
  unexplained: `select a.attrelid::regclass::text as t, a.attname from pg_attribute a
    where a.attrelid in ('leads'::regclass, 'contacts'::regclass, 'crm_stages'::regclass) and a.attnum > 0 and col_description(a.attrelid, a.attnum) is null`,
})

describe('PostgreSQL plans the views well', () => {
  let it: Awaited<ReturnType<typeof openHarness>>
  beforeAll(async () => {
    it = await openHarness()
  })
  afterAll(() => it.close())

  test('what is not asked for is not computed: the planner leaves the aggregates out', async () => {
    const plan = async (columns: string) =>
      (await it.sql(`explain select ${columns} from vw_crm_clients`)).map((row) => row['QUERY PLAN']).join('\n')
    expect(await plan('id, company_name, city')).not.toMatch(/budget|sales_order|credit_limit|industries|sales_reps|Aggregate/)
    expect(await plan('budget_value')).toMatch(/budget_item/)
  })

  test('a range of an engine view is read by an index', async () => {
    await it.sql('set enable_seqscan = off')
    for (const view of Object.keys(VIEW_COLUMNS)) {
      const plan = (
        await it.sql(
          `explain select id from (select ${view.startsWith('insert_contacts') ? 'code' : 'id'} as id, range_key from ${view}) v where range_key > 5 and range_key <= 9`,
        )
      )
        .map((row) => row['QUERY PLAN'])
        .join('\n')
      expect(plan).toMatch(/Index Cond: .*(> 5).*(<= 9)/)
    }
  })
})
