import { expect, it } from 'vitest'
import { testSeed } from '../../base/testing/random.ts'
import { mariaDbMissing } from '../../connectors/mysql/testing.ts'
import { fingerprint, testLoading } from './load.contract.ts'
import { loadDemoData } from './load.ts'
import { openMysql, openOracle, openPostgres } from './testing/demo-harness.ts'

const views = ['desired_leads', 'known_leads', 'insert_leads', 'desired_contacts', 'known_contacts', 'insert_contacts']

if (!mariaDbMissing('lab/demo-data/load')) {
  testLoading('MariaDB', openMysql)
  testLoading('Oracle over the wire', openOracle)

  it('the same options show the engine the same rows, to the letter, as on PostgreSQL', async () => {
    const all = await Promise.all([openMysql(), openOracle(), openPostgres()])
    try {
      for (const seed of [1, testSeed()]) {
        const sums = []
        for (const erp of all) {
          await loadDemoData(erp.demo, { branches: 1_000, seed, today: '2026-11-22', replace: true })
          sums.push(await fingerprint(erp, views))
        }
        expect(sums[0], `seed ${seed}`).toEqual(sums[2])
        expect(sums[1], `seed ${seed}`).toEqual(sums[2])
      }
    } finally {
      await Promise.all(all.map((erp) => erp.close()))
    }
  })
}
