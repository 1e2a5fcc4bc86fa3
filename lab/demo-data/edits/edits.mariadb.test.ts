import { expect, it } from 'vitest'
import { mariaDbMissing } from '../../../connectors/mysql/testing.ts'
import { loadDemoData } from '../load.ts'
import { openMysql, openOracle, openPostgres } from '../testing/demo-harness.ts'
import { editBranches } from './edit-branches.ts'
import { editContacts } from './edit-contacts.ts'
import { testEdits } from './edits.contract.ts'

if (!mariaDbMissing('lab/demo-data/edits')) {
  testEdits('MariaDB', openMysql)
  testEdits('Oracle over the wire', openOracle)

  it('the same seed edits the same branches and contacts as on PostgreSQL, in the same way', async () => {
    const all = await Promise.all([openMysql(), openOracle(), openPostgres()])
    try {
      const done = []
      for (const { demo } of all) {
        await loadDemoData(demo, { branches: 1_000, seed: 5, today: '2026-11-22' })
        done.push([await editBranches(demo, { count: 60, seed: 5 }), await editContacts(demo, { count: 60, seed: 5 })])
      }
      expect(done[0]).toEqual(done[2])
      expect(done[1]).toEqual(done[2])
      expect(done[0]!.map((edits) => edits.length)).toEqual([60, 60])
    } finally {
      await Promise.all(all.map((erp) => erp.close()))
    }
  })
}
