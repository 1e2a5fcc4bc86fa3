import { expect, it } from 'vitest'
import { mariaDbMissing } from '../../mysql/testing.ts'
import { openMysql, openPostgres } from './demo-harness.ts'
import { fingerprint, testLoading } from './load.contract.ts'
import { loadDemoData } from './load.ts'

const views = ['desired_leads', 'known_leads', 'insert_leads', 'desired_contacts', 'known_contacts', 'insert_contacts']

if (!mariaDbMissing('connectors/erp/demo-data/load')) {
  testLoading('MariaDB', openMysql)

  it('the same options show the engine the same rows, to the letter, as on PostgreSQL', async () => {
    const both = await Promise.all([openMysql(), openPostgres()])
    try {
      for (const seed of [1, Date.now() % 1_000_000]) {
        const sums = []
        for (const erp of both) {
          await loadDemoData(erp.demo, { branches: 1_000, seed, today: '2026-11-22', replace: true })
          sums.push(await fingerprint(erp, views))
        }
        expect(sums[0], `seed ${seed}`).toEqual(sums[1])
      }
    } finally {
      await Promise.all(both.map((erp) => erp.close()))
    }
  })
}
