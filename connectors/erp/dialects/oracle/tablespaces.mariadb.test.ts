/** The query of the tablespace metric, by the real driver over the wire; the view it reads is Oracle's own, here a table with its columns. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mariaDbMissing } from '../../../mysql/testing.ts'
import { type OracleErpHarness, openHarness } from '../../testing/contract/oracle-harness.ts'

if (!mariaDbMissing('connectors/erp/oracle-tablespaces'))
  describe('tablespaces', () => {
    let it: OracleErpHarness
    beforeAll(async () => {
      it = await openHarness()
    })
    afterAll(() => it.close())

    test('without the grant: an error of the ERP, which names no password', async () => {
      await expect(it.erp.tablespaces!()).rejects.toMatchObject({ code: expect.stringMatching(/^erp\./) })
    })

    test('each with its name and how full it is, in per cent', async () => {
      await it.sql('create table dba_tablespace_usage_metrics (tablespace_name varchar(30), used_percent decimal(20, 12))')
      await it.sql("insert into dba_tablespace_usage_metrics values ('USERS', 91.23456789), ('SYSTEM', 0)")
      expect(await it.erp.tablespaces!()).toEqual([
        { name: 'SYSTEM', usedPercent: 0 },
        { name: 'USERS', usedPercent: 91.23 },
      ])
      await it.sql('drop table dba_tablespace_usage_metrics')
    })
  })
